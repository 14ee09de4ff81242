#include "rpc/development.hpp"

#include "rpc/json_writer.hpp"

#include <algorithm>
#include <chrono>
#include <random>

namespace mega::rpc {
namespace {

using nlohmann::json;

constexpr uint64_t max_blocks_per_call = 100'000;
/// How many are mined between two other turns of the sequencer.
constexpr uint64_t blocks_per_turn = 100;
constexpr size_t max_snapshots = 10'000;
/// Seconds. Far beyond any calendar, and far from the end of the integers.
constexpr uint64_t max_time = uint64_t{1} << 40;
constexpr uint64_t max_interval_s = 365 * 24 * 3600;

uint64_t system_now_s() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

Hash256 random_hash() {
    std::random_device device;
    Hash256 hash;
    for (uint8_t& byte : hash.bytes) {
        byte = static_cast<uint8_t>(device());
    }
    return hash;
}

/// A number that may be missing.
Read<uint64_t> read_u64_or(const json& value, std::string_view name, uint64_t fallback) {
    if (value.is_null()) {
        return fallback;
    }
    return read_u64(value, name);
}

Read<uint64_t> read_time(const json& value, std::string_view name) {
    // Clients send decimal strings, too.
    Read<uint64_t> time = read_u64(value, name);
    if (!time && value.is_string()) {
        const auto decimal = u256_from_text(value.get_ref<const std::string&>());
        if (decimal && decimal->fits_u64()) {
            time = decimal->low64();
        }
    }
    if (time && *time > max_time) {
        return fail(invalid_params, "invalid argument " + std::string(name) + ": too far");
    }
    return time;
}

}  // namespace

Development::Development(
    const Backend& backend, sequencer::Sequencer& sequencer, std::function<uint64_t()> now_s
)
    : backend_(backend),
      sequencer_(sequencer),
      now_s_(now_s ? std::move(now_s) : system_now_s),
      instance_id_(random_hash()) {}

Answer Development::run(const std::function<Answer()>& task) {
    Answer answer = fail(server_error, "the node is stopping");
    sequencer_.run([&] { answer = task(); });
    if (const auto failure = sequencer_.failure()) {
        return fail(internal_error, *failure);
    }
    return answer;
}

// -------------------------------------------------------------------------------------------------
// blocks

void Development::seal_visible_block() {
    if (sequencer_.automine() && sequencer_.chain().executed_count() > 0) {
        sequencer_.mine_block();
    }
}

Answer Development::mine_blocks(uint64_t count, uint64_t interval_s) {
    if (count > max_blocks_per_call) {
        return fail(
            invalid_params,
            "cannot mine more than " + std::to_string(max_blocks_per_call) + " blocks in one call"
        );
    }
    if (interval_s > max_interval_s) {
        return fail(invalid_params, "invalid argument interval: more than a year");
    }
    for (uint64_t mined = 0; mined < count;) {
        const uint64_t end = std::min(count, mined + blocks_per_turn);
        auto turn = run([&]() -> Answer {
            if (mined == 0) {
                seal_visible_block();
            }
            for (; mined < end && !sequencer_.failure(); ++mined) {
                if (mined > 0 && interval_s > 0) {
                    const uint64_t parent = sequencer_.chain().head()->header.timestamp;
                    if (auto moved = go_to_time(parent + interval_s); !moved) {
                        return Err{moved.error()};
                    }
                }
                sequencer_.mine_block();
            }
            return "null";
        });
        if (!turn) {
            return turn;
        }
    }
    return "null";
}

Answer Development::mine(const Params& params) {
    const auto count = read_u64_or(param(params, 0), "blocks", 1);
    if (!count) {
        return Err{count.error()};
    }
    const auto interval = read_u64_or(param(params, 1), "interval", 0);
    if (!interval) {
        return Err{interval.error()};
    }
    const std::lock_guard lock(mutex_);
    return mine_blocks(*count, *interval);
}

Answer Development::evm_mine(const Params& params) {
    const json& argument = param(params, 0);
    const bool is_object = argument.is_object();
    const auto blocks = is_object ? read_u64_or(argument.value("blocks", json{}), "blocks", 1)
                                  : Read<uint64_t>{uint64_t{1}};
    if (!blocks) {
        return Err{blocks.error()};
    }
    const json time = is_object ? argument.value("timestamp", json{}) : argument;
    const std::lock_guard lock(mutex_);
    if (!time.is_null()) {
        const auto timestamp = read_time(time, "timestamp");
        if (!timestamp) {
            return Err{timestamp.error()};
        }
        const auto moved = run([&]() -> Answer {
            if (auto gone = go_to_time(*timestamp); !gone) {
                return Err{gone.error()};
            }
            return "null";
        });
        if (!moved) {
            return moved;
        }
    }
    const auto mined = mine_blocks(*blocks, 0);
    return mined ? Answer{"\"0x0\""} : mined;
}

Answer Development::set_automine(const Params& params) {
    const auto on = read_bool(param(params, 0), "enabled");
    if (!on) {
        return Err{on.error()};
    }
    const std::lock_guard lock(mutex_);
    return run([&] {
        sequencer_.set_automine(*on);
        return Answer{"null"};
    });
}

Answer Development::automine(const Params&) {
    const std::lock_guard lock(mutex_);
    return run([&] { return Answer{sequencer_.automine() ? "true" : "false"}; });
}

Answer Development::set_interval_mining(const Params& params) {
    const auto seconds = read_u64(param(params, 0), "interval");
    if (!seconds) {
        return Err{seconds.error()};
    }
    if (*seconds > max_interval_s) {
        return fail(invalid_params, "invalid argument interval: seconds, at most a year");
    }
    const std::lock_guard lock(mutex_);
    return run([&] {
        sequencer_.set_block_interval_ms(*seconds * 1000);
        return Answer{"null"};
    });
}

Answer Development::interval_mining(const Params&) {
    const uint64_t interval_ms = sequencer_.block_interval_ms();
    return interval_ms == 0 ? "null" : std::to_string(interval_ms / 1000);
}

// -------------------------------------------------------------------------------------------------
// back in time

Answer Development::snapshot(const Params&) {
    const std::lock_guard lock(mutex_);
    if (snapshots_.size() >= max_snapshots) {
        snapshots_.erase(snapshots_.begin());
    }
    Snapshot snapshot;
    auto taken = run([&] {
        if (!sequencer_.chain().is_untouched()) {
            sequencer_.mine_block();
        }
        snapshot = {sequencer_.chain().head()->header.number, sequencer_.time_shift()};
        return Answer{"null"};
    });
    if (!taken) {
        return taken;
    }
    snapshots_.emplace(next_snapshot_, snapshot);
    return quoted_quantity(next_snapshot_++);
}

Answer Development::go_back_to(uint64_t number) {
    if (auto reverted = sequencer_.revert_to(number); !reverted) {
        return fail(server_error, reverted.error().message);
    }
    return "true";
}

Answer Development::revert(const Params& params) {
    const auto id = read_u64(param(params, 0), "snapshot id");
    if (!id) {
        return Err{id.error()};
    }
    const std::lock_guard lock(mutex_);
    const auto found = snapshots_.find(*id);
    if (found == snapshots_.end()) {
        return "false";
    }
    const Snapshot snapshot = found->second;
    auto reverted = run([&] { return go_back_to(snapshot.block_number); });
    if (!reverted) {
        return reverted;
    }
    // As with anvil and hardhat, a snapshot serves once, and those taken after it are gone.
    snapshots_.erase(found, snapshots_.end());
    return run([&] {
        if (const int64_t shift = snapshot.time_shift - sequencer_.time_shift(); shift != 0) {
            sequencer_.shift_time(shift);
        }
        return Answer{"true"};
    });
}

Answer Development::rollback(const Params& params) {
    const auto depth = read_u64_or(param(params, 0), "depth", 1);
    if (!depth) {
        return Err{depth.error()};
    }
    const std::lock_guard lock(mutex_);
    return run([&]() -> Answer {
        seal_visible_block();
        const uint64_t number = sequencer_.chain().head()->header.number;
        if (*depth > number) {
            return fail(
                invalid_params,
                "rollback of " + std::to_string(*depth) + " blocks goes beyond genesis"
            );
        }
        auto gone = go_back_to(number - *depth);
        return gone ? Answer{"null"} : gone;
    });
}

Answer Development::reset(const Params&) {
    return fail(
        server_error,
        "resetting and forking are not supported: use evm_snapshot and evm_revert, or start anew"
    );
}

// -------------------------------------------------------------------------------------------------
// time

/// What the block after the visible one may have at the least.
uint64_t Development::earliest_next_timestamp() const {
    const auto& chain = sequencer_.chain();
    const BlockHeader& previous =
        chain.executed_count() > 0 ? chain.open()->opening_header() : chain.head()->header;
    return previous.timestamp + 1;
}

/// The next block has this timestamp, and time goes on from there.
Result<void, RpcError> Development::go_to_time(uint64_t timestamp) {
    const uint64_t earliest = earliest_next_timestamp();
    if (timestamp < earliest) {
        return fail(
            invalid_params,
            "timestamp " + std::to_string(timestamp) +
                " is lower than or equal to previous block's timestamp " +
                std::to_string(earliest - 1)
        );
    }
    if (timestamp > max_time) {
        return fail(invalid_params, "timestamp " + std::to_string(timestamp) + " is too far");
    }
    const auto shift = static_cast<int64_t>(timestamp) - static_cast<int64_t>(now_s_());
    if (const int64_t change = shift - sequencer_.time_shift(); change != 0) {
        sequencer_.shift_time(change);
    }
    sequencer_.set_next_timestamp(timestamp);
    return {};
}

Answer Development::increase_time(const Params& params) {
    const auto seconds = read_time(param(params, 0), "seconds");
    if (!seconds) {
        return Err{seconds.error()};
    }
    const std::lock_guard lock(mutex_);
    return run([&]() -> Answer {
        const int64_t shift = sequencer_.time_shift() + static_cast<int64_t>(*seconds);
        if (shift > static_cast<int64_t>(max_time)) {
            return fail(invalid_params, "invalid argument seconds: too far");
        }
        sequencer_.shift_time(static_cast<int64_t>(*seconds));
        return std::to_string(shift);
    });
}

Answer Development::set_time(const Params& params) {
    const auto timestamp = read_time(param(params, 0), "timestamp");
    if (!timestamp) {
        return Err{timestamp.error()};
    }
    const std::lock_guard lock(mutex_);
    return run([&]() -> Answer {
        const auto shift = static_cast<int64_t>(*timestamp) - static_cast<int64_t>(now_s_());
        sequencer_.shift_time(shift - sequencer_.time_shift());
        return std::to_string(shift);
    });
}

Answer Development::set_next_timestamp(const Params& params) {
    const auto timestamp = read_time(param(params, 0), "timestamp");
    if (!timestamp) {
        return Err{timestamp.error()};
    }
    const std::lock_guard lock(mutex_);
    return run([&]() -> Answer {
        if (auto gone = go_to_time(*timestamp); !gone) {
            return Err{gone.error()};
        }
        return "null";
    });
}

}  // namespace mega::rpc
