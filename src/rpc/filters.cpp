#include "rpc/filters.hpp"

#include "rpc/format.hpp"

#include <chrono>
#include <random>

namespace mega::rpc {
namespace {

using nlohmann::json;

constexpr size_t max_accepted = 100'000;
constexpr size_t max_answer_bytes = 64u << 20;

uint64_t steady_now_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()
    );
}

/// Others must not guess the ids of filters and remove them.
uint64_t random_seed() {
    std::random_device device;
    return (uint64_t{device()} << 32) | device();
}

Answer write_logs(const std::vector<sequencer::FoundLog>& logs) {
    JsonWriter out;
    out.begin_array();
    for (const sequencer::FoundLog& log : logs) {
        write_log(out, log);
        if (out.text().size() > max_answer_bytes) {
            return fail(
                limit_exceeded, "the logs are too large together: ask eth_getLogs for fewer blocks"
            );
        }
    }
    return out.end_array().take();
}

Err<RpcError> failed(const Error& error) { return fail(limit_exceeded, error.message); }

/// The number that a bound names, `fallback` where it names a tag or nothing.
uint64_t number_or(const std::optional<BlockId>& bound, uint64_t fallback) {
    const auto* number = bound ? std::get_if<uint64_t>(&bound->which) : nullptr;
    return number != nullptr ? *number : fallback;
}

}  // namespace

Filters::Filters(const Backend& backend, std::function<uint64_t()> now_ms)
    : backend_(backend),
      id_seed_(random_seed()),
      now_ms_(now_ms ? std::move(now_ms) : steady_now_ms) {}

// -------------------------------------------------------------------------------------------------
// what happens

void Filters::on_accepted(const mempool::TxPtr& tx) {
    if (pending_count_ == 0) {
        return;
    }
    const std::lock_guard lock(mutex_);
    accepted_.push_back(tx->hash);
    if (accepted_.size() > max_accepted) {
        accepted_.pop_front();
        ++first_accepted_;
    }
}

void Filters::on_reverted(uint64_t number) {
    const std::lock_guard lock(mutex_);
    ++revert_count_;
    for (auto& [id, filter] : filters_) {
        filter.revert_count = revert_count_;
        if (filter.next_block > number) {
            filter.next_block = number + 1;
            filter.next_log = 0;
        }
    }
}

// -------------------------------------------------------------------------------------------------
// coming and going

Answer Filters::add_log_filter(const json& query) {
    auto read = read_log_query(query, backend_.limits);
    if (!read) {
        return Err{read.error()};
    }
    Filter filter;
    filter.kind = Kind::logs;
    filter.query = std::move(*read);
    const auto open = backend_.reader.position().open;
    filter.next_block = open->opening_header().number;
    if (const auto transactions = open->transactions(); !transactions.empty()) {
        const auto& last = transactions.back();
        filter.next_log = last->first_log_index + last->receipt.logs.size();
    }
    return add(std::move(filter));
}

Answer Filters::add_block_filter() {
    Filter filter;
    filter.kind = Kind::blocks;
    filter.next_block = backend_.reader.sealed_number() + 1;
    return add(std::move(filter));
}

Answer Filters::add_pending_filter() {
    Filter filter;
    filter.kind = Kind::pending;
    return add(std::move(filter));
}

Answer Filters::add(Filter filter) {
    const uint64_t now = now_ms_();
    const std::lock_guard lock(mutex_);
    drop_expired(now);
    if (filters_.size() >= backend_.limits.max_filters) {
        return fail(
            limit_exceeded,
            "too many filters: at most " + std::to_string(backend_.limits.max_filters)
        );
    }
    filter.last_asked_ms = now;
    filter.revert_count = revert_count_;
    filter.next_hash = first_accepted_ + accepted_.size();
    if (filter.kind == Kind::pending) {
        ++pending_count_;
    }
    const uint64_t id = mix64(id_seed_, ++filter_count_);
    filters_.insert_or_assign(id, std::move(filter));
    return quoted_quantity(id);
}

/// Under the mutex.
void Filters::drop_expired(uint64_t now_ms) {
    std::erase_if(filters_, [&](const auto& entry) {
        const Filter& filter = entry.second;
        const bool is_old = now_ms - filter.last_asked_ms >= backend_.limits.filter_lifetime_ms;
        if (is_old && filter.kind == Kind::pending) {
            --pending_count_;
        }
        return is_old;
    });
    if (pending_count_ == 0) {
        first_accepted_ += accepted_.size();
        accepted_.clear();
    }
}

Read<std::pair<uint64_t, Filters::Filter>> Filters::find(const json& id) {
    const auto key = read_u64(id, "filter id");
    if (!key) {
        return Err{key.error()};
    }
    const uint64_t now = now_ms_();
    const std::lock_guard lock(mutex_);
    drop_expired(now);
    const auto found = filters_.find(*key);
    if (found == filters_.end()) {
        return fail(server_error, "filter not found");
    }
    found->second.last_asked_ms = now;
    return std::pair{*key, found->second};
}

void Filters::move_on(uint64_t id, const Filter& filter) {
    const std::lock_guard lock(mutex_);
    const auto found = filters_.find(id);
    if (found != filters_.end() && filter.revert_count == revert_count_) {
        found->second.next_block = filter.next_block;
        found->second.next_log = filter.next_log;
        found->second.next_hash = filter.next_hash;
    }
}

Answer Filters::remove(const json& id) {
    const auto key = read_u64(id, "filter id");
    if (!key) {
        return Err{key.error()};
    }
    const uint64_t now = now_ms_();
    const std::lock_guard lock(mutex_);
    drop_expired(now);
    const auto removed = filters_.extract(*key);
    if (!removed) {
        return "false";
    }
    if (removed.mapped().kind == Kind::pending) {
        --pending_count_;
    }
    return "true";
}

size_t Filters::count() const {
    const std::lock_guard lock(mutex_);
    return filters_.size();
}

// -------------------------------------------------------------------------------------------------
// asking

Answer Filters::changes(const json& id) {
    auto found = find(id);
    if (!found) {
        return Err{found.error()};
    }
    auto& [key, filter] = *found;
    switch (filter.kind) {
        case Kind::logs:
            return log_changes(key, std::move(filter));
        case Kind::blocks:
            return block_changes(key, std::move(filter));
        case Kind::pending:
            return pending_changes(key, std::move(filter));
    }
    return fail(internal_error, "unknown kind of filter");
}

Answer Filters::log_changes(uint64_t id, Filter filter) {
    // What is sealed now is complete; the open block's logs may grow while they are searched.
    const uint64_t open_number = backend_.reader.sealed_number() + 1;
    const uint64_t from = std::max(filter.next_block, number_or(filter.query.from, 0));
    const uint64_t to = std::min(open_number, number_or(filter.query.to, open_number));
    auto logs = backend_.reader.logs(filter.query.filter, from, to, backend_.limits.logs);
    if (!logs) {
        return failed(logs.error());
    }
    std::erase_if(*logs, [&](const sequencer::FoundLog& log) {
        return log.executed->block_number == filter.next_block && log.log_index < filter.next_log;
    });
    if (open_number > filter.next_block) {
        filter.next_block = open_number;
        filter.next_log = 0;
    }
    if (!logs->empty() && logs->back().executed->block_number >= filter.next_block) {
        filter.next_block = logs->back().executed->block_number;
        filter.next_log = logs->back().log_index + 1;
    }
    auto text = write_logs(*logs);
    if (text) {
        move_on(id, filter);
    }
    return text;
}

Answer Filters::block_changes(uint64_t id, Filter filter) {
    const uint64_t end = backend_.reader.sealed_number() + 1;
    const uint64_t last =
        std::min<uint64_t>(end, filter.next_block + backend_.limits.max_filter_entries);
    JsonWriter out;
    out.begin_array();
    for (; filter.next_block < last; ++filter.next_block) {
        const auto header = backend_.reader.header(filter.next_block);
        if (!header) {
            return failed(header.error());
        }
        if (!*header) {
            break;  // reverted meanwhile
        }
        out.data(hash_of(**header));
    }
    move_on(id, filter);
    return out.end_array().take();
}

Answer Filters::pending_changes(uint64_t id, Filter filter) {
    JsonWriter out;
    out.begin_array();
    {
        const std::lock_guard lock(mutex_);
        const uint64_t end = first_accepted_ + accepted_.size();
        const uint64_t first = std::max(filter.next_hash, first_accepted_);
        filter.next_hash = std::min<uint64_t>(end, first + backend_.limits.max_filter_entries);
        for (uint64_t i = first; i < filter.next_hash; ++i) {
            out.data(accepted_[i - first_accepted_]);
        }
    }
    move_on(id, filter);
    return out.end_array().take();
}

Answer Filters::logs(const json& id) {
    auto found = find(id);
    if (!found) {
        return Err{found.error()};
    }
    const auto& [key, filter] = *found;
    if (filter.kind != Kind::logs) {
        return fail(server_error, "filter not found");
    }
    const LogQuery& query = filter.query;
    const BlockId from_id =
        query.block_hash ? BlockId{*query.block_hash} : query.from.value_or(BlockId{});
    const BlockId to_id = query.block_hash ? from_id : query.to.value_or(BlockId{});
    const auto from = number_of(backend_.reader, from_id);
    if (!from) {
        return Err{from.error()};
    }
    const auto to = number_of(backend_.reader, to_id);
    if (!to) {
        return Err{to.error()};
    }
    const auto logs = backend_.reader.logs(query.filter, *from, *to, backend_.limits.logs);
    if (!logs) {
        return failed(logs.error());
    }
    return write_logs(*logs);
}

// -------------------------------------------------------------------------------------------------
// methods

void add_filter_methods(Dispatcher& dispatcher, Filters& filters) {
    dispatcher.add("eth_newFilter", [&filters](const json& params) {
        return filters.add_log_filter(param(params, 0));
    });
    dispatcher.add("eth_newBlockFilter", [&filters](const json&) {
        return filters.add_block_filter();
    });
    dispatcher.add("eth_newPendingTransactionFilter", [&filters](const json&) {
        return filters.add_pending_filter();
    });
    dispatcher.add_slow("eth_getFilterChanges", [&filters](const json& params) {
        return filters.changes(param(params, 0));
    });
    dispatcher.add_slow("eth_getFilterLogs", [&filters](const json& params) {
        return filters.logs(param(params, 0));
    });
    dispatcher.add("eth_uninstallFilter", [&filters](const json& params) {
        return filters.remove(param(params, 0));
    });
}

}  // namespace mega::rpc
