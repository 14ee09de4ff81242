#include "execution/l2_parameters.hpp"
#include "rpc/block_id.hpp"
#include "rpc/execution_error.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/methods.hpp"

#include <algorithm>
#include <cstdio>

namespace mega::rpc {
namespace {

using nlohmann::json;
using sequencer::BlockView;

constexpr uint64_t min_blob_base_fee = 1;  // EIP-4844; there are no blobs here that would raise it
constexpr uint64_t full_percent = 80;      // of the gas limit: a block that tips compete for
constexpr double competing_percentile = 60;

struct Tip {
    u256 tip;
    uint64_t gas_used = 0;
};

/// What each transaction paid above the base fee, cheapest first. Deposits pay nothing and compete
/// with nobody.
std::vector<Tip> sorted_tips(const BlockView& block) {
    const u256 base_fee = block.header.base_fee_per_gas.value_or(u256{});
    std::vector<Tip> tips;
    for (const auto& executed : block.transactions) {
        if (executed->tx->tx.type != TxType::deposit) {
            const u256& price = executed->effective_gas_price;
            tips.push_back({price > base_fee ? price - base_fee : u256{}, executed->gas_used});
        }
    }
    std::ranges::sort(tips, {}, &Tip::tip);
    return tips;
}

/// The tip at which that part of the block's gas was paid less or the same.
u256 tip_at(std::span<const Tip> tips, double percentile) {
    double total = 0;
    for (const Tip& tip : tips) {
        total += static_cast<double>(tip.gas_used);
    }
    const double threshold = total * percentile / 100;
    double sum = 0;
    for (const Tip& tip : tips) {
        sum += static_cast<double>(tip.gas_used);
        if (sum >= threshold) {
            return tip.tip;
        }
    }
    return tips.empty() ? u256{} : tips.back().tip;
}

/// Blocks have room for everyone: the floor will do. When they are full, what most paid.
u256 suggested_tip(const Backend& backend) {
    const auto sealed = backend.reader.position().sealed;
    if (sealed == nullptr || sealed->header.gas_limit == 0 ||
        sealed->header.gas_used / (sealed->header.gas_limit / 100 + 1) < full_percent) {
        return backend.suggested_tip;
    }
    const BlockView view{sealed->header, sealed->hash, false, sealed->transactions};
    return std::max(backend.suggested_tip, tip_at(sorted_tips(view), competing_percentile));
}

u256 base_fee_now(const Backend& backend) {
    return backend.reader.open_block()->header.base_fee_per_gas.value_or(u256{});
}

Read<std::vector<double>> read_percentiles(const json& value, size_t max_count) {
    std::vector<double> percentiles;
    if (value.is_null()) {
        return percentiles;
    }
    if (!value.is_array()) {
        return fail(invalid_params, "invalid argument rewardPercentiles: not an array");
    }
    if (value.size() > max_count) {
        return fail(
            invalid_params, "over the query limit " + std::to_string(max_count) + " of percentiles"
        );
    }
    for (const json& item : value) {
        if (!item.is_number() || item.get<double>() < 0 || item.get<double>() > 100) {
            return fail(invalid_params, "invalid reward percentile: not a number from 0 to 100");
        }
        if (!percentiles.empty() && item.get<double>() < percentiles.back()) {
            return fail(invalid_params, "invalid reward percentile: not in ascending order");
        }
        percentiles.push_back(item.get<double>());
    }
    return percentiles;
}

struct HistoryRequest {
    uint64_t first = 0;
    uint64_t last = 0;
    std::vector<double> percentiles;
};

Read<HistoryRequest> read_request(const Backend& backend, const json& params) {
    auto count = read_u64(param(params, 0), "blockCount");
    if (!count) {
        return Err{count.error()};
    }
    auto newest = read_block_id(param(params, 1), "newestBlock");
    if (!newest) {
        return Err{newest.error()};
    }
    auto last = number_of(backend.reader, *newest);
    if (!last) {
        return Err{last.error()};
    }
    auto percentiles = read_percentiles(param(params, 2), backend.limits.max_reward_percentiles);
    if (!percentiles) {
        return Err{percentiles.error()};
    }
    if (*last > backend.reader.open_block()->header.number) {
        return fail(
            server_error,
            "request beyond head block: requested " + std::to_string(*last) + ", head " +
                std::to_string(backend.reader.latest_number())
        );
    }
    const uint64_t limit = percentiles->empty() ? backend.limits.max_fee_history
                                                : backend.limits.max_fee_history_rewards;
    const uint64_t wanted = std::min({*count, limit, *last + 1});
    return HistoryRequest{*last + 1 - wanted, *last, std::move(*percentiles)};
}

std::string ratio_text(uint64_t part, uint64_t whole) {
    char text[32];
    const double ratio = whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
    (void)std::snprintf(text, sizeof text, "%.10g", ratio);
    return text;
}

/// The columns of an answer, filled block by block.
struct History {
    JsonWriter base_fees;
    JsonWriter gas_ratios;
    JsonWriter rewards;

    void add(const BlockHeader& header) {
        base_fees.quantity(header.base_fee_per_gas.value_or(u256{}));
        gas_ratios.raw(ratio_text(header.gas_used, header.gas_limit));
    }
    void add_rewards(const BlockView& block, std::span<const double> percentiles) {
        const std::vector<Tip> tips = sorted_tips(block);
        rewards.begin_array();
        for (const double percentile : percentiles) {
            rewards.quantity(tip_at(tips, percentile));
        }
        rewards.end_array();
    }
};

void write_repeated(
    JsonWriter& out, std::string_view name, std::string_view value, uint64_t count
) {
    out.key(name).begin_array();
    for (uint64_t i = 0; i < count; ++i) {
        out.raw(value);
    }
    out.end_array();
}

std::string history_json(const HistoryRequest& request, History& history) {
    const uint64_t count = request.last + 1 - request.first;
    JsonWriter out;
    out.begin_object()
        .field_quantity("oldestBlock", request.first)
        .field_raw("baseFeePerGas", history.base_fees.end_array().text())
        .field_raw("gasUsedRatio", history.gas_ratios.end_array().text());
    write_repeated(out, "baseFeePerBlobGas", quoted_quantity(min_blob_base_fee), count + 1);
    write_repeated(out, "blobGasUsedRatio", "0", count);
    if (!request.percentiles.empty()) {
        out.field_raw("reward", history.rewards.end_array().text());
    }
    return out.end_object().take();
}

/// The base fee after the newest block: known exactly when that block is sealed.
u256 base_fee_after(const Backend& backend, const BlockHeader& newest) {
    const auto next = backend.reader.header(newest.number + 1);
    if (next && *next && (*next)->base_fee_per_gas) {
        return *(*next)->base_fee_per_gas;
    }
    const auto state = backend.reader.state_at(newest.number);
    const execution::FeeMarket market =
        state ? execution::read_l2_parameters(**state, backend.fee_market).fee_market
              : backend.fee_market;
    return execution::next_base_fee(newest, market);
}

Answer fee_history(const Backend& backend, const json& params) {
    auto request = read_request(backend, params);
    if (!request) {
        return Err{request.error()};
    }
    if (request->first > request->last) {  // no blocks were asked for
        return std::string(R"({"oldestBlock":"0x0","gasUsedRatio":[],"baseFeePerGas":[],)"
                           R"("baseFeePerBlobGas":[],"blobGasUsedRatio":[]})");
    }
    History history;
    history.base_fees.begin_array();
    history.gas_ratios.begin_array();
    history.rewards.begin_array();
    BlockHeader newest;
    for (uint64_t number = request->first; number <= request->last; ++number) {
        if (!request->percentiles.empty()) {
            auto block = backend.reader.block(number);
            if (!block || *block == nullptr) {
                return fail(server_error, "block " + std::to_string(number) + " is not available");
            }
            newest = (*block)->header;
            history.add_rewards(**block, request->percentiles);
        } else {
            auto header = backend.reader.header(number);
            if (!header || !*header) {
                return fail(server_error, "block " + std::to_string(number) + " is not available");
            }
            newest = **header;
        }
        history.add(newest);
    }
    history.base_fees.quantity(base_fee_after(backend, newest));
    return history_json(*request, history);
}

}  // namespace

void add_fee_methods(Dispatcher& dispatcher, const Backend& backend) {
    dispatcher.add("eth_gasPrice", [&](const json&) {
        return Answer(quoted_quantity(base_fee_now(backend) + suggested_tip(backend)));
    });
    dispatcher.add("eth_maxPriorityFeePerGas", [&](const json&) {
        return Answer(quoted_quantity(suggested_tip(backend)));
    });
    dispatcher.add("eth_baseFee", [&](const json&) {
        return Answer(quoted_quantity(base_fee_now(backend)));
    });
    dispatcher.add("eth_blobBaseFee", [](const json&) {
        return Answer(quoted_quantity(min_blob_base_fee));
    });
    dispatcher.add_slow("eth_feeHistory", [&](const json& params) {
        return fee_history(backend, params);
    });
}

}  // namespace mega::rpc
