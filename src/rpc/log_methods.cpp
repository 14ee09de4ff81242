#include "rpc/log_search.hpp"

#include "rpc/execution_error.hpp"
#include "rpc/format.hpp"
#include "rpc/methods.hpp"

#include <algorithm>

namespace mega::rpc {
namespace {

using nlohmann::json;
using sequencer::FoundLog;

Answer get_logs(const Backend& backend, const json& params) {
    auto query = read_log_query(param(params, 0), backend.limits);
    if (!query) {
        return Err{query.error()};
    }
    auto logs = find_logs(backend, *query);
    return logs ? Answer(logs_json(*logs)) : Err{logs.error()};
}

/// Where a search goes on: the first log not shown yet. As text: 8 bytes of block number, 8 bytes
/// of log index, big endian.
struct Cursor {
    uint64_t block = 0;
    uint64_t log_index = 0;
};

Bytes encode_cursor(const Cursor& cursor) {
    Bytes bytes(16);
    for (size_t i = 0; i < 8; ++i) {
        bytes[i] = static_cast<uint8_t>(cursor.block >> (56 - 8 * i));
        bytes[8 + i] = static_cast<uint8_t>(cursor.log_index >> (56 - 8 * i));
    }
    return bytes;
}

Read<std::optional<Cursor>> read_cursor(const json& value) {
    if (value.is_null()) {
        return std::optional<Cursor>{};
    }
    auto bytes = read_data(value, "cursor");
    if (!bytes || bytes->size() != 16) {
        return fail(invalid_params, "invalid argument cursor: not one that this method gave");
    }
    const BytesView view = *bytes;
    return std::optional{
        Cursor{u256::from_be(view.first(8)).low64(), u256::from_be(view.subspan(8)).low64()}
    };
}

/// Blocks are searched in steps that shrink where logs are dense, so that neither an empty range
/// nor a crowded block costs more than one answer is worth.
class CursorSearch {
  public:
    CursorSearch(
        const Backend& backend, const sequencer::LogFilter& filter, const BlockRange& range
    )
        : backend_(&backend), filter_(&filter), range_(range), next_{range.from, 0} {}

    void resume_at(const Cursor& cursor) { next_ = cursor; }

    Read<void> run() {
        const uint64_t max_blocks = backend_->limits.logs.max_blocks;
        const uint64_t first = next_.block;
        while (!is_full() && next_.block <= range_.to && next_.block - first < max_blocks) {
            const uint64_t last = std::min(range_.to, next_.block + step_ - 1);
            const bool is_single = last == next_.block;
            const sequencer::LogSearchLimits limits{
                max_blocks, is_single ? SIZE_MAX : backend_->limits.max_cursor_logs
            };
            auto logs = backend_->reader.logs(*filter_, next_.block, last, limits);
            if (logs) {
                take(*logs, last);
            } else if (is_single) {
                return Err{to_rpc_error(logs.error())};
            } else {
                step_ = std::max<uint64_t>(step_ / 4, 1);
            }
        }
        return {};
    }

    [[nodiscard]] std::string json_text() const {
        JsonWriter out;
        out.begin_object().field_raw("logs", logs_json(found_));
        if (next_.block <= range_.to) {
            out.field("cursor", encode_cursor(next_));
        }
        return out.end_object().take();
    }

  private:
    [[nodiscard]] bool is_full() const { return found_.size() >= backend_->limits.max_cursor_logs; }
    /// Up to the limit; `next_` becomes the first left over, or the block after `last`.
    void take(std::span<const FoundLog> logs, uint64_t last) {
        for (const FoundLog& log : logs) {
            const uint64_t number = log.executed->block_number;
            if (number == next_.block && log.log_index < next_.log_index) {
                continue;  // shown before
            }
            if (is_full()) {
                next_ = {number, log.log_index};
                return;
            }
            found_.push_back(log);
        }
        next_ = {last + 1, 0};
    }

    const Backend* backend_;
    const sequencer::LogFilter* filter_;
    BlockRange range_;
    Cursor next_;
    uint64_t step_ = 1024;
    std::vector<FoundLog> found_;
};

/// [filter with "cursor"] -> {logs, cursor}; no cursor when there is no more.
Answer get_logs_with_cursor(const Backend& backend, const json& params) {
    const json& filter = param(params, 0);
    auto query = read_log_query(filter, backend.limits);
    if (!query) {
        return Err{query.error()};
    }
    if (query->block_hash) {
        return fail(invalid_params, "blockHash does not go with a cursor");
    }
    const json within = filter.is_object() ? filter.value("cursor", json()) : json();
    auto cursor = read_cursor(within.is_null() ? param(params, 1) : within);
    if (!cursor) {
        return Err{cursor.error()};
    }
    auto range = range_of(backend.reader, *query);
    if (!range) {
        return Err{range.error()};
    }
    CursorSearch search(backend, query->filter, *range);
    if (*cursor) {
        if ((*cursor)->block < range->from) {
            return fail(invalid_params, "invalid argument cursor: before the range");
        }
        search.resume_at(**cursor);
    }
    if (auto ran = search.run(); !ran) {
        return Err{ran.error()};
    }
    return search.json_text();
}

}  // namespace

void add_log_methods(Dispatcher& dispatcher, const Backend& backend) {
    dispatcher.add_slow("eth_getLogs", [&](const json& params) {
        return get_logs(backend, params);
    });
    dispatcher.add_slow("eth_getLogsWithCursor", [&](const json& params) {
        return get_logs_with_cursor(backend, params);
    });
}

}  // namespace mega::rpc
