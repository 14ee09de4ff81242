#include "ethereum/header_rules.hpp"

#include "ethereum/difficulty.hpp"
#include "execution/checks.hpp"

namespace mega::ethereum {

namespace {

using Code = BlockFaultCode;
using Checked = Result<void, BlockFault>;

constexpr uint64_t min_gas_limit = 5000;
constexpr uint64_t gas_limit_bound_divisor = 1024;
constexpr size_t max_extra_data_size = 32;
constexpr uint64_t dao_extra_data_blocks = 10;
constexpr std::string_view dao_extra_data = "dao-hard-fork";
constexpr uint64_t blob_base_cost = 8192;  // EIP-7918

Err<BlockFault> fault(Code code, std::string details) {
    return Err{BlockFault{code, std::move(details)}};
}

std::string is_not(const std::string& is, const std::string& expected) {
    return is + ", not " + expected;
}

std::string is_not(uint64_t is, uint64_t expected) {
    return is_not(std::to_string(is), std::to_string(expected));
}

Checked check_place(const BlockHeader& parent, const BlockHeader& header) {
    // The parent's number is below 2^64 - 1 as long as it is checked itself.
    if (header.number != parent.number + 1 || header.number == 0) {
        return fault(Code::wrong_number, is_not(header.number, parent.number + 1));
    }
    if (header.timestamp <= parent.timestamp) {
        return fault(
            Code::timestamp_not_after_parent,
            std::to_string(header.timestamp) + " after " + std::to_string(parent.timestamp)
        );
    }
    return {};
}

Checked check_gas(Fork fork, const BlockHeader& parent, const BlockHeader& header) {
    // EIP-1559: the first block of London starts from twice the limit, since the target is half.
    const bool is_first_of_london = fork >= Fork::london && !parent.base_fee_per_gas;
    const uint64_t before = parent.gas_limit * (is_first_of_london ? 2 : 1);
    const uint64_t distance =
        header.gas_limit > before ? header.gas_limit - before : before - header.gas_limit;
    if (distance >= before / gas_limit_bound_divisor || header.gas_limit < min_gas_limit ||
        header.gas_limit > INT64_MAX) {
        return fault(
            Code::gas_limit_out_of_bounds,
            std::to_string(header.gas_limit) + " after " + std::to_string(before)
        );
    }
    if (header.gas_used > header.gas_limit) {
        return fault(
            Code::gas_used_above_limit,
            std::to_string(header.gas_used) + " of " + std::to_string(header.gas_limit)
        );
    }
    return {};
}

Checked check_extra_data(const ChainConfig& config, Fork fork, const BlockHeader& header) {
    if (header.extra_data.size() > max_extra_data_size) {
        return fault(Code::extra_data_too_long, std::to_string(header.extra_data.size()));
    }
    const bool is_dao_block = config.dao_block && fork < Fork::paris &&
                              header.number >= *config.dao_block &&
                              header.number - *config.dao_block < dao_extra_data_blocks;
    if (is_dao_block && as_text(header.extra_data) != dao_extra_data) {
        return fault(Code::wrong_dao_extra_data, to_hex(header.extra_data));
    }
    return {};
}

Checked check_difficulty(
    const ChainConfig& config, Fork fork, const BlockHeader& parent, const BlockHeader& header
) {
    if (fork >= Fork::paris) {  // EIP-3675
        if (!header.difficulty.is_zero()) {
            return fault(Code::wrong_difficulty, is_not(to_decimal(header.difficulty), "0"));
        }
        if (!header.nonce.is_zero()) {
            return fault(Code::wrong_nonce, is_not(to_hex(header.nonce), "0"));
        }
        return {};
    }
    const u256 expected = difficulty_of(
        {fork,
         bomb_delay_at(config, header.number),
         header.number,
         header.timestamp,
         parent.difficulty,
         parent.timestamp,
         parent.ommers_hash != empty_ommers_hash}
    );
    if (header.difficulty != expected) {
        return fault(
            Code::wrong_difficulty, is_not(to_decimal(header.difficulty), to_decimal(expected))
        );
    }
    return {};
}

Checked check_presence(bool is_present, bool is_wanted, std::string name) {
    if (is_present == is_wanted) {
        return {};
    }
    return fault(is_wanted ? Code::missing_field : Code::unexpected_field, std::move(name));
}

Checked check_fields(Fork fork, const BlockHeader& header) {
    struct Field {
        bool is_present;
        Fork since;
        const char* name;
    };
    const Field fields[] = {
        {header.base_fee_per_gas.has_value(), Fork::london, "baseFeePerGas"},
        {header.withdrawals_root.has_value(), Fork::shanghai, "withdrawalsRoot"},
        {header.blob_gas_used.has_value(), Fork::cancun, "blobGasUsed"},
        {header.excess_blob_gas.has_value(), Fork::cancun, "excessBlobGas"},
        {header.parent_beacon_block_root.has_value(), Fork::cancun, "parentBeaconBlockRoot"},
        {header.requests_hash.has_value(), Fork::prague, "requestsHash"},
    };
    for (const Field& field : fields) {
        auto checked = check_presence(field.is_present, fork >= field.since, field.name);
        if (!checked) {
            return checked;
        }
    }
    return {};
}

/// The fields are there.
Checked check_fees(
    const ChainConfig& config, Fork fork, const BlockHeader& parent, const BlockHeader& header
) {
    if (fork >= Fork::london) {
        const u256 expected = execution::next_base_fee(parent);
        if (*header.base_fee_per_gas != expected) {
            return fault(
                Code::wrong_base_fee,
                is_not(to_decimal(*header.base_fee_per_gas), to_decimal(expected))
            );
        }
    }
    if (fork < Fork::cancun) {
        return {};
    }
    const execution::BlobSchedule blobs = blobs_at(config, header.timestamp);
    const uint64_t used = *header.blob_gas_used;
    if (used % execution::gas_per_blob != 0 || used / execution::gas_per_blob > blobs.max) {
        return fault(
            Code::wrong_blob_gas_used,
            std::to_string(used) + " with at most " + std::to_string(blobs.max) + " blobs"
        );
    }
    const uint64_t expected = next_excess_blob_gas(fork, blobs, parent);
    if (*header.excess_blob_gas != expected) {
        return fault(Code::wrong_excess_blob_gas, is_not(*header.excess_blob_gas, expected));
    }
    return {};
}

}  // namespace

Checked check_header(
    const ChainConfig& config, Fork fork, const BlockHeader& parent, const BlockHeader& header
) {
    auto checked = check_place(parent, header);
    if (checked) {
        checked = check_fields(fork, header);
    }
    if (checked) {
        checked = check_gas(fork, parent, header);
    }
    if (checked) {
        checked = check_extra_data(config, fork, header);
    }
    if (checked) {
        checked = check_difficulty(config, fork, parent, header);
    }
    if (checked) {
        checked = check_fees(config, fork, parent, header);
    }
    return checked;
}

Checked check_block_size(Fork fork, size_t size_bytes) {
    if (fork >= Fork::osaka && size_bytes > max_block_size_bytes) {
        return fault(
            Code::block_too_large,
            std::to_string(size_bytes) + " of " + std::to_string(max_block_size_bytes) + " bytes"
        );
    }
    return {};
}

uint64_t next_excess_blob_gas(
    Fork fork, const execution::BlobSchedule& blobs, const BlockHeader& parent
) {
    const uint64_t used = parent.blob_gas_used.value_or(0);
    const uint64_t excess = parent.excess_blob_gas.value_or(0);
    const uint128 total = uint128{excess} + used;
    const uint128 target = uint128{blobs.target} * execution::gas_per_blob;
    if (total < target || blobs.max == 0) {
        return 0;
    }
    // EIP-7918: while a blob costs less than executing for it does, the target does not count.
    const u256 price = execution::blob_base_fee(excess, blobs.base_fee_update_fraction);
    const u256 reserve = u256{blob_base_cost} * parent.base_fee_per_gas.value_or(u256{});
    const bool is_below_reserve = !multiply_overflows(price, u256{execution::gas_per_blob}) &&
                                  reserve > price * u256{execution::gas_per_blob};
    if (fork >= Fork::osaka && is_below_reserve) {
        const uint128 scaled = uint128{used} * (blobs.max - blobs.target) / blobs.max;
        return static_cast<uint64_t>(std::min<uint128>(excess + scaled, UINT64_MAX));
    }
    return static_cast<uint64_t>(std::min<uint128>(total - target, UINT64_MAX));
}

}  // namespace mega::ethereum
