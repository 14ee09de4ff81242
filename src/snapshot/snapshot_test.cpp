#include "snapshot/import.hpp"

#include "base/hex.hpp"
#include "execution/block.hpp"
#include "execution/genesis.hpp"
#include "storage/chain_store.hpp"
#include "storage/node_store.hpp"
#include "storage/state_store.hpp"
#include "storage/test_directory.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace mega::snapshot {
namespace {

Address address(uint64_t id) { return u256{id * 0x9e3779b97f4a7c15ULL}.to_address(); }
Bytes code(uint64_t id) { return {0x60, static_cast<uint8_t>(id), 0x60, 0x00, 0x55}; }

class NoNodes final : public trie::NodeSource {
  public:
    std::optional<Bytes> load(const trie::TreeId&, BytesView, const Hash256&) const override {
        return std::nullopt;
    }
};

/// A directory with the state of block 0: plain accounts, contracts, one with a large storage.
execution::Genesis make_state(size_t accounts, size_t large_storage) {
    execution::GenesisSpec spec;
    spec.gas_limit = 30'000'000;
    for (uint64_t id = 1; id <= accounts; ++id) {
        auto& account = spec.alloc[address(id)];
        account.balance = id;
        if (id % 7 == 0) {
            account.code = code(id % 5);
            account.storage = {{id, 1}, {id + 1, 2}};
        }
    }
    auto& large = spec.alloc[address(3)];
    large.code = code(9);
    for (uint64_t slot = 0; slot < large_storage; ++slot) {
        large.storage[u256{slot}] = slot + 1;
    }
    return execution::make_genesis(current_fork, spec);
}

void write_chain(storage::Database& database, const execution::Genesis& genesis) {
    storage::WriteBatch batch;
    storage::StoredBlock block;
    block.header = genesis.header;
    block.hash = hash_of(genesis.header);
    block.opening_hash = block.hash;
    storage::ChainStore::stage(batch, block, {});
    storage::ChainStore::stage(
        batch,
        storage::Checkpoint{.block_number = 0, .log_sequence = 0, .next_mini_block_number = 5}
    );
    storage::ChainStore::stage_genesis(batch, block.hash);
    storage::ChainStore::stage(batch, storage::GenesisSource{{}, 1337});
    storage::StateStore::stage_genesis(batch, genesis.diff);
    ASSERT_TRUE(database.write(std::move(batch), true).has_value());
}

Bytes read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return to_bytes(as_bytes(text));
}

void write_file(const std::filesystem::path& path, BytesView bytes) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << as_text(bytes);
}

class Snapshot : public testing::Test {
  protected:
    void make(size_t accounts, size_t large_storage) {
        genesis_ = make_state(accounts, large_storage);
        const auto database = *storage::Database::open({.path = directory_.path() / "source"});
        write_chain(*database, genesis_);
        const auto exported = export_to(file_, *database, {});
        ASSERT_TRUE(exported.has_value()) << exported.error().message;
        exported_ = *exported;
    }
    [[nodiscard]] Result<Exported> import(const Trust& trust) const {
        return import_from({.file = file_, .data_directory = target_, .trust = trust}, {});
    }
    [[nodiscard]] Trust root() const { return {genesis_.header.state_root, std::nullopt}; }
    void expect_refused(const Trust& trust, std::string_view words) const {
        const auto imported = import(trust);
        ASSERT_FALSE(imported.has_value()) << words;
        EXPECT_NE(imported.error().message.find(words), std::string::npos)
            << imported.error().message;
        EXPECT_FALSE(std::filesystem::exists(target_)) << words;
    }
    /// Frames of the file, each with its header.
    [[nodiscard]] std::vector<Bytes> frames() const {
        const Bytes file = read_file(file_);
        BytesView rest = BytesView{file}.subspan(file_header_bytes);
        std::vector<Bytes> found;
        while (!rest.empty()) {
            const auto header = decode_frame_header(rest.first(frame_header_bytes));
            const size_t size = frame_header_bytes + header->packed_size;
            found.push_back(to_bytes(rest.first(size)));
            rest = rest.subspan(size);
        }
        return found;
    }
    void write(const std::vector<Bytes>& frames) const {
        Bytes file = file_header();
        for (const Bytes& frame : frames) {
            append(file, frame);
        }
        write_file(file_, file);
    }
    static state::StateDiff state_in(const Bytes& frame) {
        const auto header = decode_frame_header(BytesView{frame}.first(frame_header_bytes));
        return *state::decode_diff(
            *open_frame(*header, BytesView{frame}.subspan(frame_header_bytes))
        );
    }
    static Bytes frame_of(const state::StateDiff& diff) {
        return make_frame(FrameKind::state, state::encode(diff));
    }

    storage::TestDirectory directory_{storage::TestDirectory::in_memory};
    std::filesystem::path file_ = directory_.path() / "chain.snapshot";
    std::filesystem::path target_ = directory_.path() / "imported";
    execution::Genesis genesis_;
    Exported exported_;
};

}  // namespace

TEST_F(Snapshot, state_comes_out_as_it_went_in) {
    make(500, 40'000);
    EXPECT_EQ(exported_.totals.accounts, genesis_.diff.accounts.size());
    EXPECT_EQ(exported_.totals.slots, genesis_.diff.slots.size());
    EXPECT_GT(frames().size(), 4U) << "the large storage spans frames";
    const auto imported = import({genesis_.header.state_root, hash_of(genesis_.header)});
    ASSERT_TRUE(imported.has_value()) << imported.error().message;
    EXPECT_EQ(imported->totals, exported_.totals);

    const auto database = *storage::Database::open({.path = target_ / "database"});
    const storage::ChainStore blocks(*database);
    EXPECT_EQ((*blocks.checkpoint())->next_mini_block_number, 5U);
    EXPECT_EQ((*blocks.genesis_source())->chain_id, 1337U);
    EXPECT_EQ((*blocks.header(0))->hash, hash_of(genesis_.header));
    storage::StateStore states(*database, {});
    const auto state = states.latest();
    for (const state::AccountChange& change : genesis_.diff.accounts) {
        EXPECT_EQ(state->account(change.address), change.after);
    }
    for (const state::SlotChange& change : genesis_.diff.slots) {
        ASSERT_EQ(state->storage(change.address, change.slot), change.after);
    }
    EXPECT_EQ(
        to_bytes(state->code(genesis_.diff.codes[0].code_hash)->bytes()),
        to_bytes(genesis_.diff.codes[0].code->bytes())
    );
    // The tree goes on from there.
    const storage::NodeReader nodes(*database);
    trie::StateTree tree(nodes, genesis_.header.state_root);
    state::StateDiff more;
    more.accounts.push_back({address(1), Account{.nonce = 0, .balance = 1}, Account{.nonce = 1}});
    EXPECT_TRUE(tree.apply(execution::tree_updates(more)).has_value());
    EXPECT_TRUE(states.health().has_value());
}

TEST_F(Snapshot, an_exported_import_is_the_same_file) {
    make(100, 100);
    ASSERT_TRUE(import(root()).has_value());
    const auto database = *storage::Database::open({.path = target_ / "database"});
    const auto again = export_to(directory_.path() / "again", *database, {});
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_EQ(read_file(directory_.path() / "again"), read_file(file_));
}

TEST_F(Snapshot, another_root_or_block_is_refused_before_anything_is_read) {
    make(10, 0);
    Trust wrong = root();
    (*wrong.state_root)[0] ^= 1;
    expect_refused(wrong, "not the trusted");
    expect_refused({std::nullopt, Hash256{}}, "not of the trusted");
    expect_refused({}, "nothing is trusted");
}

TEST_F(Snapshot, every_truncation_is_refused) {
    make(20, 0);
    const Bytes whole = read_file(file_);
    for (size_t size = 0; size < whole.size(); size += 1 + size / 12) {
        write_file(file_, BytesView{whole}.first(size));
        const auto imported = import(root());
        ASSERT_FALSE(imported.has_value()) << size;
        EXPECT_FALSE(std::filesystem::exists(target_));
    }
    write_file(file_, BytesView{whole}.first(whole.size() - 1));
    expect_refused(root(), "truncated");
}

TEST_F(Snapshot, changed_bytes_are_refused) {
    make(20, 0);
    Bytes file = read_file(file_);
    for (size_t i = 0; i < file.size(); i += 1 + i / 16) {
        file[i] ^= 0x20;
        write_file(file_, file);
        EXPECT_FALSE(import(root()).has_value()) << i;
        EXPECT_FALSE(std::filesystem::exists(target_));
        file[i] ^= 0x20;
    }
}

TEST_F(Snapshot, sizes_that_are_claimed_are_not_believed) {
    make(10, 0);
    auto all = frames();
    Bytes huge = all[1];
    huge[1] = huge[2] = huge[3] = huge[4] = 0xff;
    write({all[0], huge});
    expect_refused(root(), "it claims 4294967295 bytes");
    // A bomb: a frame that unpacks to more than it says.
    const Bytes zeros(max_raw_bytes, 0);
    Bytes bomb = make_frame(FrameKind::state, zeros);
    bomb[1] = 16;
    bomb[2] = bomb[3] = bomb[4] = 0;
    write({all[0], bomb});
    expect_refused(root(), "checksum");
}

TEST_F(Snapshot, a_changed_account_is_found_by_the_root) {
    make(50, 0);
    auto all = frames();
    for (Bytes& frame : all) {
        const auto header = decode_frame_header(BytesView{frame}.first(frame_header_bytes));
        if (header->kind != FrameKind::state) {
            continue;
        }
        auto diff = state_in(frame);
        if (!diff.accounts.empty()) {
            diff.accounts[7].after->balance = 123'456;
            frame = frame_of(diff);
            break;
        }
    }
    write(all);
    expect_refused(root(), "hashes to");
}

TEST_F(Snapshot, missing_doubled_and_misplaced_parts_are_named) {
    make(50, 40'000);
    const auto all = frames();
    write({all[0], all[2], all.back()});
    expect_refused(root(), "is missing");  // the codes
    write({all[0], all[1], all[2], all[2], all.back()});
    expect_refused(root(), "out of order");
    write({all[0], all[0], all.back()});
    expect_refused(root(), "a second head");
    write({all[1], all.back()});
    expect_refused(root(), "the head is missing");
    auto shorter = all;
    shorter.erase(shorter.end() - 2);
    write(shorter);
    expect_refused(root(), "came");
    auto longer = all;
    longer.push_back(all.back());
    write(longer);
    expect_refused(root(), "something follows it");
}

TEST_F(Snapshot, a_directory_with_a_chain_and_a_file_that_exists_stay_as_they_are) {
    make(10, 0);
    ASSERT_TRUE(import(root()).has_value());
    const auto again = import(root());
    ASSERT_FALSE(again.has_value());
    EXPECT_NE(again.error().message.find("holds a chain already"), std::string::npos);
    const auto database = *storage::Database::open({.path = target_ / "database"});
    const auto exported = export_to(file_, *database, {});
    ASSERT_FALSE(exported.has_value());
    EXPECT_NE(exported.error().message.find("exists already"), std::string::npos);
}

}  // namespace mega::snapshot
