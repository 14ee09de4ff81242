#include "sequencer/commitment.hpp"

#include "base/hex.hpp"
#include "crypto/keccak.hpp"

#include <algorithm>
#include <future>

namespace mega::sequencer {
namespace {

std::string describe(const trie::MissingNode& missing) {
    return "state tree node " + to_hex(missing.hash) + " at path " + to_hex(missing.path) +
           (missing.tree ? " of storage tree " + to_hex(*missing.tree) : std::string{" of the account tree"}) +
           " is missing from the database";
}

/// The present nodes of one tree as the source of another.
class TreeNodes final : public trie::NodeSource {
  public:
    explicit TreeNodes(trie::StateTree& tree) : tree_(&tree) {}
    std::optional<Bytes> load(const trie::TreeId& id, BytesView path, const Hash256& /*hash*/) const override {
        return tree_->node(id, path);
    }

  private:
    trie::StateTree* tree_;
};

}  // namespace

Commitment::Commitment(const trie::NodeSource& source, const Hash256& root, size_t memory_limit_bytes)
    : tree_(source, root), memory_limit_bytes_(memory_limit_bytes), thread_([this] { work(); }) {}

Commitment::~Commitment() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void Commitment::post(Task task) {
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
    }
    wake_.notify_one();
}

void Commitment::run(const Task& task) {
    std::promise<void> done;
    post([&] {
        task();
        done.set_value();
    });
    done.get_future().wait();
}

void Commitment::work() {
    while (true) {
        Task task;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
            if (tasks_.empty()) {
                return;
            }
            task = std::move(tasks_.front());
            tasks_.pop_front();
        }
        task();
    }
}

void Commitment::absorb(std::shared_ptr<const state::StateDiff> diff) {
    post([this, diff = std::move(diff)] {
        const auto updates = execution::tree_updates(*diff);
        if (auto applied = tree_.apply(updates); !applied && failure_.empty()) {
            failure_ = describe(applied.error());
        }
        // Hashing now leaves only the last diff's nodes for the moment when the block closes.
        (void)tree_.root();
    });
}

Result<Hash256> Commitment::root() {
    Hash256 root;
    std::string failure;
    run([&] {
        root = tree_.root();
        failure = failure_;
    });
    if (!failure.empty()) {
        return Err{Error{failure}};
    }
    return root;
}

void Commitment::flush(trie::NodeSink& sink) {
    run([&] {
        tree_.flush(sink);
        tree_.evict(memory_limit_bytes_);
    });
}

Result<Commitment::Proof> Commitment::prove(ProofRequest request) {
    std::optional<Result<Proof>> result;
    run([&] { result.emplace(prove_now(request)); });
    return std::move(*result);
}

Result<Commitment::Proof> Commitment::prove_now(const ProofRequest& request) {
    std::vector<Hash256> hashed_slots;
    hashed_slots.reserve(request.slots.size());
    for (const u256& slot : request.slots) {
        hashed_slots.push_back(crypto::keccak256(slot.to_hash().view()));
    }
    const Hash256 hashed_address = crypto::keccak256(request.address.view());
    const Hash256 present_root = tree_.root();
    if (request.undo.empty()) {
        auto proof = tree_.prove(hashed_address, hashed_slots);
        if (!proof) {
            return Err{Error{describe(proof.error())}};
        }
        return Proof{present_root, std::move(*proof)};
    }
    const TreeNodes nodes{tree_};
    trie::StateTree past{nodes, present_root};
    for (const auto& diff : request.undo) {
        const auto updates = execution::tree_updates(state::invert(*diff));
        if (auto applied = past.apply(updates); !applied) {
            return Err{Error{describe(applied.error())}};
        }
    }
    const Hash256 past_root = past.root();
    auto proof = past.prove(hashed_address, hashed_slots);
    if (!proof) {
        return Err{Error{describe(proof.error())}};
    }
    return Proof{past_root, std::move(*proof)};
}

size_t Commitment::memory_bytes() {
    size_t bytes = 0;
    run([&] { bytes = tree_.memory_bytes(); });
    return bytes;
}

}  // namespace mega::sequencer
