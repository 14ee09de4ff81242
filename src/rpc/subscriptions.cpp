#include "rpc/subscriptions.hpp"

#include "attestation/mismatch_notice.hpp"
#include "rpc/log_query.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace mega::rpc {
namespace {

using nlohmann::json;

constexpr size_t kind_count = 11;
/// Events that wait for the formatting thread; beyond, subscribers are cut off.
constexpr size_t max_backlog = 10'000;
/// Of one subscriber between its subscription and the answer that announces it.
constexpr size_t max_held = 1024;
constexpr size_t max_state_addresses = 256;
constexpr uint16_t close_try_again_later = 1013;

using Message = std::shared_ptr<const std::string>;

struct Subscriber {
    std::shared_ptr<net::Connection> connection;
    bool is_held = true;
    std::vector<Message> held;
};

std::string key_of(const sequencer::LogFilter& filter) {
    std::string key;
    for (const Address& address : filter.addresses) {
        key += as_text(address.view());
    }
    for (const auto& alternatives : filter.topics) {
        key += '/';
        for (const Hash256& topic : alternatives) {
            key += as_text(topic.view());
        }
    }
    return std::to_string(filter.addresses.size()) + key;
}

std::string state_change_json(
    const state::AccountChange& change, std::span<const state::SlotChange> slots
) {
    const Account account = change.after.value_or(Account{});
    JsonWriter out;
    out.begin_object()
        .field("address", change.address)
        .key("nonce")
        .number(account.nonce)
        .field_quantity("balance", account.balance)
        .key("storage")
        .begin_object();
    for (const state::SlotChange& slot : slots) {
        out.field("0x" + to_hex_digits(slot.slot.to_hash()), slot.after.to_hash());
    }
    return out.end_object().end_object().take();
}

/// Sorted.
Read<std::vector<Address>> read_state_addresses(const json& value) {
    if (!value.is_array() || value.size() > max_state_addresses) {
        return fail(
            invalid_params,
            "invalid argument addresses: want a list of at most " +
                std::to_string(max_state_addresses)
        );
    }
    std::vector<Address> addresses;
    for (const json& item : value) {
        const auto address = read_address(item, "addresses");
        if (!address) {
            return Err{address.error()};
        }
        addresses.push_back(*address);
    }
    std::ranges::sort(addresses);
    return addresses;
}

/// The slots of `address` in a canonical diff.
std::span<const state::SlotChange> slots_of(const state::StateDiff& diff, const Address& address) {
    const auto range = std::ranges::equal_range(
        diff.slots, address, std::less{}, [](const state::SlotChange& slot) { return slot.address; }
    );
    return {range.begin(), range.end()};
}

}  // namespace

/// What is subscribed to.
struct Subscriptions::Topic {
    Kind kind = Kind::heads;
    sequencer::LogFilter filter;           // logs
    std::vector<Address> addresses;        // state changes: sorted; none means all
    bool with_whole_transactions = false;  // pending
    std::string key;                       // equal for equal topics
};

struct Subscriptions::Group {
    Topic topic;
    std::string id;
    std::vector<Subscriber> subscribers;  // guarded by the registry's mutex
};

struct Subscriptions::Registry {
    using GroupPtr = std::shared_ptr<Group>;
    using OfConnection = std::unordered_map<std::string, GroupPtr>;  // by id

    mutable std::mutex mutex;
    std::unordered_map<std::string, GroupPtr> groups;            // guarded by mutex, by key
    std::unordered_map<uint64_t, OfConnection> connections;      // guarded by mutex
    uint64_t next_id = 1;                                        // guarded by mutex
    std::array<std::atomic<size_t>, kind_count> group_counts{};  // written under mutex
    std::atomic<size_t> backlog{0};
    std::array<std::atomic<bool>, kind_count> has_lost{};

    static size_t index(Kind kind) { return static_cast<size_t>(kind); }

    /// The group that a connection with these subscriptions may join: the same topic twice over one
    /// connection must have two ids.
    GroupPtr group_for(const Topic& topic, const OfConnection& present) {
        for (size_t ordinal = 0;; ++ordinal) {
            std::string key = topic.key + '#' + std::to_string(ordinal);
            const auto found = groups.find(key);
            if (found == groups.end()) {
                auto group = std::make_shared<Group>();
                group->topic = topic;
                group->topic.key = key;
                group->id = to_hex(u256{next_id++}.to_hash().view().subspan(16));
                groups.emplace(std::move(key), group);
                ++group_counts[index(topic.kind)];
                return group;
            }
            if (!present.contains(found->second->id)) {
                return found->second;
            }
        }
    }

    void leave(Group& group, uint64_t connection_id) {
        std::erase_if(group.subscribers, [&](const Subscriber& subscriber) {
            return subscriber.connection->id() == connection_id;
        });
        if (group.subscribers.empty()) {
            --group_counts[index(group.topic.kind)];
            groups.erase(group.topic.key);
        }
    }

    Groups of_kind(Kind kind) const {
        const std::lock_guard lock(mutex);
        Groups found;
        for (const auto& [key, group] : groups) {
            if (group->topic.kind == kind) {
                found.push_back(group);
            }
        }
        return found;
    }
};

Subscriptions::Subscriptions(const MethodLimits& limits)
    : limits_(limits), registry_(std::make_unique<Registry>()) {}
Subscriptions::~Subscriptions() = default;

// -------------------------------------------------------------------------------------------------
// who listens to what

Result<Subscriptions::Topic, RpcError> Subscriptions::read_topic(
    const json& params, const MethodLimits& limits
) {
    static const std::unordered_map<std::string_view, Kind> kinds{
        {"newHeads", Kind::heads},
        {"logs", Kind::logs},
        {"newPendingTransactions", Kind::pending},
        {"miniBlocks", Kind::mini_blocks},
        {"stateChanges", Kind::state_changes},
        {"reorgs", Kind::reorgs},
        {"mismatches", Kind::mismatches},
        {"mismatchNotices", Kind::mismatch_notices},
        {"blockStatus", Kind::block_status},
        {"syncing", Kind::syncing},
        {"megaFeed", Kind::feed},
    };
    const json& name = param(params, 0);
    if (!name.is_string()) {
        return fail(invalid_params, "invalid argument 0: the name of the subscription is missing");
    }
    const auto kind = kinds.find(name.get_ref<const std::string&>());
    if (kind == kinds.end()) {
        return fail(
            invalid_params,
            "no \"" + name.get<std::string>().substr(0, 100) + "\" subscription in eth namespace"
        );
    }
    Topic topic;
    topic.kind = kind->second;
    topic.key = kind->first;
    const json& options = param(params, 1);
    if (topic.kind == Kind::logs) {
        auto query = read_log_query(options, limits);
        if (!query) {
            return Err{query.error()};
        }
        topic.filter = std::move(query->filter);
        topic.key += key_of(topic.filter);
    } else if (topic.kind == Kind::pending && !options.is_null()) {
        const auto whole = read_bool(options, "fullTransactions");
        if (!whole) {
            return Err{whole.error()};
        }
        topic.with_whole_transactions = *whole;
        topic.key += *whole ? '1' : '0';
    } else if (topic.kind == Kind::state_changes && !options.is_null()) {
        auto addresses = read_state_addresses(options);
        if (!addresses) {
            return Err{addresses.error()};
        }
        topic.addresses = std::move(*addresses);
        topic.key += key_of({topic.addresses, {}});
    }
    return topic;
}

Result<std::string, RpcError> Subscriptions::subscribe(
    const std::shared_ptr<net::Connection>& connection, const json& params
) {
    auto topic = read_topic(params, limits_);
    if (!topic) {
        return Err{topic.error()};
    }
    const std::lock_guard lock(registry_->mutex);
    auto& present = registry_->connections[connection->id()];
    if (present.size() >= limits_.max_subscriptions_per_connection) {
        return fail(
            limit_exceeded,
            "too many subscriptions: at most " +
                std::to_string(limits_.max_subscriptions_per_connection) + " per connection"
        );
    }
    const auto group = registry_->group_for(*topic, present);
    group->subscribers.push_back({connection, true, {}});
    present.emplace(group->id, group);
    return group->id;
}

void Subscriptions::release(uint64_t connection_id, const std::string& subscription) {
    const std::lock_guard lock(registry_->mutex);
    const auto connection = registry_->connections.find(connection_id);
    if (connection == registry_->connections.end()) {
        return;
    }
    const auto group = connection->second.find(subscription);
    if (group == connection->second.end()) {
        return;
    }
    for (Subscriber& subscriber : group->second->subscribers) {
        if (subscriber.connection->id() == connection_id && subscriber.is_held) {
            subscriber.is_held = false;
            for (Message& message : subscriber.held) {
                subscriber.connection->send(std::move(message));
            }
            subscriber.held = {};
        }
    }
}

bool Subscriptions::unsubscribe(uint64_t connection_id, const std::string& subscription) {
    const std::lock_guard lock(registry_->mutex);
    const auto connection = registry_->connections.find(connection_id);
    if (connection == registry_->connections.end()) {
        return false;
    }
    const auto found = connection->second.extract(subscription);
    if (!found) {
        return false;
    }
    registry_->leave(*found.mapped(), connection_id);
    if (connection->second.empty()) {
        registry_->connections.erase(connection);
    }
    return true;
}

void Subscriptions::forget(uint64_t connection_id) {
    const std::lock_guard lock(registry_->mutex);
    const auto connection = registry_->connections.extract(connection_id);
    if (!connection) {
        return;
    }
    for (const auto& [id, group] : connection.mapped()) {
        registry_->leave(*group, connection_id);
    }
}

size_t Subscriptions::count() const {
    const std::lock_guard lock(registry_->mutex);
    size_t total = 0;
    for (const auto& [id, present] : registry_->connections) {
        total += present.size();
    }
    return total;
}

// -------------------------------------------------------------------------------------------------
// what happens

void Subscriptions::post(Kind kind, std::function<void(const Groups&)> send) {
    const size_t index = Registry::index(kind);
    if (registry_->group_counts[index] == 0) {
        return;
    }
    if (registry_->backlog >= max_backlog) {
        registry_->has_lost[index] = true;
        return;
    }
    ++registry_->backlog;
    thread_.post([this, kind, index, send = std::move(send)] {
        --registry_->backlog;
        const Groups groups = registry_->of_kind(kind);
        if (!registry_->has_lost[index].exchange(false)) {
            send(groups);
            return;
        }
        const std::lock_guard lock(registry_->mutex);
        for (const auto& group : groups) {
            for (const Subscriber& subscriber : group->subscribers) {
                subscriber.connection->close(
                    close_try_again_later, "notifications were lost: too many at a time"
                );
            }
        }
    });
}

void Subscriptions::deliver(Group& group, std::string_view result) {
    std::string text = R"({"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":")";
    text.append(group.id).append(R"(","result":)").append(result).append("}}");
    const auto message = std::make_shared<const std::string>(std::move(text));
    const std::lock_guard lock(registry_->mutex);
    for (Subscriber& subscriber : group.subscribers) {
        if (!subscriber.is_held) {
            subscriber.connection->send(message);
        } else if (subscriber.held.size() < max_held) {
            subscriber.held.push_back(message);
        }
    }
}

void Subscriptions::drain() {
    thread_.run([] {});
}

void Subscriptions::on_accepted(const mempool::TxPtr& tx) {
    post(Kind::pending, [this, tx](const Groups& groups) {
        for (const auto& group : groups) {
            JsonWriter out;
            if (group->topic.with_whole_transactions) {
                write_pending_transaction(out, *tx);
            } else {
                out.data(tx->hash);
            }
            deliver(*group, out.text());
        }
    });
}

void Subscriptions::
    on_executed(const sequencer::OpenBlock& block, std::span<const sequencer::ExecutedPtr>) {
    open_ = inclusion_of(block);
}

void Subscriptions::on_mini_block(const sequencer::MiniBlockPtr& mini_block) {
    Inclusion block = open_;
    if (block.block_number != mini_block->header.block_number) {
        // Nothing was executed in this block yet: there is nothing whose place must be named.
        block = {};
        block.block_number = mini_block->header.block_number;
        block.block_timestamp = mini_block->header.block_timestamp;
    }
    post(Kind::logs, [this, mini_block, block](const Groups& groups) {
        send_logs(groups, *mini_block, block);
    });
    post(Kind::state_changes, [this, mini_block](const Groups& groups) {
        send_state_changes(groups, *mini_block->diff);
    });
    post_feed([mini_block] { return feed::record_of(*mini_block); });
    post(Kind::mini_blocks, [this, mini_block, block](const Groups& groups) {
        const std::string text = mini_block_json(*mini_block, block);
        for (const auto& group : groups) {
            deliver(*group, text);
        }
    });
}

void Subscriptions::post_feed(std::function<Bytes()> record) {
    post(Kind::feed, [this, record = std::move(record)](const Groups& groups) {
        const std::string text = quoted_hex(record());
        for (const auto& group : groups) {
            deliver(*group, text);
        }
    });
}

void Subscriptions::on_opened(const sequencer::OpenBlockPtr& block) {
    post_feed([block] { return feed::record_of(*block); });
}

void Subscriptions::on_reverted(uint64_t number) {
    post_feed([number] { return encode(feed::Record{feed::RevertRecord{number}}); });
}

void Subscriptions::on_sealed(const sequencer::SealedPtr& block) {
    post_feed([block] { return feed::record_of(*block); });
    post(Kind::heads, [this, block](const Groups& groups) {
        JsonWriter out;
        out.begin_object();
        write_header_fields(out, block->header, block->hash);
        out.field_quantity("miniBlockCount", block->mini_blocks.size()).end_object();
        for (const auto& group : groups) {
            deliver(*group, out.text());
        }
    });
}

void Subscriptions::on_reorganised(const sequencer::Reorganisation& report) {
    post(Kind::reorgs, [this, report](const Groups& groups) {
        JsonWriter out;
        out.begin_object()
            .field_quantity("keptBlock", report.kept)
            .field_quantity("previousBlock", report.previous_head)
            .field_string("reason", report.reason);
        for (const auto& [name, hashes] :
             {std::pair{"dropped", &report.dropped}, std::pair{"changed", &report.changed}}) {
            out.key(name).begin_array();
            for (const Hash256& hash : *hashes) {
                out.data(hash);
            }
            out.end_array();
        }
        out.end_object();
        for (const auto& group : groups) {
            deliver(*group, out.text());
        }
    });
}

void Subscriptions::announce_mismatch(std::string report) {
    post(Kind::mismatches, [this, report = std::move(report)](const Groups& groups) {
        for (const auto& group : groups) {
            deliver(*group, report);
        }
    });
}

void Subscriptions::announce_mismatch_notice(std::string notice, Bytes encoded) {
    post_feed([encoded = std::move(encoded)] {
        return encode(feed::Record{feed::NoticeRecord{attestation::notice_feed_kind, encoded}});
    });
    post(Kind::mismatch_notices, [this, notice = std::move(notice)](const Groups& groups) {
        for (const auto& group : groups) {
            deliver(*group, notice);
        }
    });
}

void Subscriptions::announce_block_status(std::function<std::string()> format) {
    post(Kind::block_status, [this, format = std::move(format)](const Groups& groups) {
        const std::string text = format();
        for (const auto& group : groups) {
            deliver(*group, text);
        }
    });
}

void Subscriptions::send_logs(
    const Groups& groups, const sequencer::MiniBlock& mini_block, const Inclusion& block
) {
    for (const auto& executed : mini_block.transactions) {
        for (size_t i = 0; i < executed->receipt.logs.size(); ++i) {
            std::string text;  // made when the first group wants it
            for (const auto& group : groups) {
                if (!matches(group->topic.filter, executed->receipt.logs[i])) {
                    continue;
                }
                if (text.empty()) {
                    JsonWriter out;
                    write_log(out, *executed, i, block);
                    text = out.take();
                }
                deliver(*group, text);
            }
        }
    }
}

void Subscriptions::send_state_changes(const Groups& groups, const state::StateDiff& diff) {
    for (const state::AccountChange& change : diff.accounts) {
        std::string text;
        for (const auto& group : groups) {
            const auto& wanted = group->topic.addresses;
            if (!wanted.empty() && !std::ranges::binary_search(wanted, change.address)) {
                continue;
            }
            if (text.empty()) {
                text = state_change_json(change, slots_of(diff, change.address));
            }
            deliver(*group, text);
        }
    }
}

// -------------------------------------------------------------------------------------------------
// methods

void add_subscription_methods(Dispatcher& dispatcher, Subscriptions& subscriptions) {
    dispatcher.add_deferred(
        "eth_subscribe",
        [&subscriptions](const Caller& caller, const json& params, const Reply& reply) {
            if (!caller.connection) {
                reply(fail(server_error, "notifications not supported: connect over WebSocket"));
                return;
            }
            const auto subscription = subscriptions.subscribe(caller.connection, params);
            if (!subscription) {
                reply(Err{subscription.error()});
                return;
            }
            reply(rpc::quoted(*subscription));
            subscriptions.release(caller.connection->id(), *subscription);
        }
    );
    dispatcher.add_for_caller(
        "eth_unsubscribe",
        [&subscriptions](const Caller& caller, const json& params) -> Answer {
            const json& id = param(params, 0);
            if (!id.is_string()) {
                return fail(invalid_params, "invalid argument 0: not a subscription id");
            }
            const bool is_known =
                caller.connection && subscriptions.unsubscribe(
                                         caller.connection->id(), id.get_ref<const std::string&>()
                                     );
            if (!is_known) {
                return fail(server_error, "subscription not found");
            }
            return "true";
        }
    );
}

}  // namespace mega::rpc
