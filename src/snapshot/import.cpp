#include "snapshot/import.hpp"

#include "base/hex.hpp"
#include "execution/block.hpp"
#include "storage/block_codec.hpp"
#include "storage/node_store.hpp"
#include "storage/state_store.hpp"

#include <fstream>

namespace mega::snapshot {
namespace {

using storage::Table;

constexpr std::string_view sequencer_key = "sequencer";

/// Frames one after the other; errors name where.
class Reader {
  public:
    explicit Reader(const std::filesystem::path& path)
        : path_(path), file_(path, std::ios::binary | std::ios::ate) {
        if (file_) {
            size_bytes_ = static_cast<uint64_t>(file_.tellg());
            file_.seekg(0);
        }
    }

    [[nodiscard]] Result<void> open() {
        if (!file_) {
            return Err{Error{"cannot open " + path_.string()}};
        }
        Bytes header(file_header_bytes);
        if (!read(header)) {
            return Err{Error{path_.string() + ": it is no snapshot of mega"}};
        }
        auto checked = check_file_header(header);
        return checked ? Result<void>{} : wrong(checked.error().message);
    }

    struct Frame {
        FrameKind kind = FrameKind::head;
        Bytes raw;
    };
    [[nodiscard]] Result<Frame> next() {
        ++frame_;
        Bytes encoded(frame_header_bytes);
        if (!read(encoded)) {
            return wrong("the file ends before it: it is truncated");
        }
        const auto header = decode_frame_header(encoded);
        if (!header) {
            return wrong(header.error().message);
        }
        if (header->packed_size > size_bytes_ - position_bytes_) {
            return wrong("the file ends within it: it is truncated");
        }
        Bytes packed(header->packed_size);
        if (!read(packed)) {
            return wrong("the file ends within it: it is truncated");
        }
        auto raw = open_frame(*header, packed);
        if (!raw) {
            return wrong(raw.error().message);
        }
        return Frame{header->kind, *std::move(raw)};
    }

    [[nodiscard]] bool at_end() const { return position_bytes_ == size_bytes_; }
    [[nodiscard]] uint64_t size_bytes() const { return size_bytes_; }
    [[nodiscard]] double part_done() const {
        return static_cast<double>(position_bytes_) /
               static_cast<double>(std::max<uint64_t>(size_bytes_, 1));
    }
    [[nodiscard]] Err<Error> wrong(const std::string& what) const {
        const std::string where = frame_ == 0 ? "" : "frame " + std::to_string(frame_) + ": ";
        return Err{Error{path_.string() + ": " + where + what}};
    }

  private:
    [[nodiscard]] bool read(Bytes& into) {
        file_.read(reinterpret_cast<char*>(into.data()), static_cast<std::streamsize>(into.size()));
        position_bytes_ += static_cast<uint64_t>(file_.gcount());
        return static_cast<bool>(file_);
    }

    std::filesystem::path path_;
    std::ifstream file_;
    uint64_t size_bytes_ = 0;
    uint64_t position_bytes_ = 0;
    uint64_t frame_ = 0;
};

/// Checks that frames of state follow each other as format.hpp says, and counts.
class Order {
  public:
    /// Words when `diff` does not continue what came before.
    [[nodiscard]] std::optional<std::string> follow(const state::StateDiff& diff) {
        if (!diff.codes.empty() && last_) {
            return "codes come after accounts";
        }
        for (const state::CodeAdded& added : diff.codes) {
            if (last_code_ && added.code_hash <= *last_code_) {
                return "code " + to_hex(added.code_hash) + " is out of order";
            }
            last_code_ = added.code_hash;
            ++totals_.codes;
        }
        auto slot = diff.slots.begin();
        for (const state::AccountChange& change : diff.accounts) {
            const bool goes_on = last_ && last_->address == change.address;
            const bool is_new = !change.before && change.after && !change.storage_cleared &&
                                (!last_ || last_->address < change.address);
            const bool is_same = goes_on && change.before == last_->account &&
                                 change.after == last_->account && !change.storage_cleared;
            if (!is_new && !is_same) {
                return "account " + to_hex(change.address) + " is out of order";
            }
            if (is_new) {
                last_ = Last{change.address, *change.after, std::nullopt};
                ++totals_.accounts;
            }
            for (; slot != diff.slots.end() && slot->address == change.address; ++slot) {
                if (!slot->before.is_zero() || slot->after.is_zero() ||
                    (last_->slot && slot->slot <= *last_->slot)) {
                    return "slot " + to_hex(slot->slot.to_hash()) + " of " + to_hex(slot->address) +
                           " is out of order";
                }
                last_->slot = slot->slot;
                ++totals_.slots;
            }
        }
        return slot == diff.slots.end()
                   ? std::nullopt
                   : std::optional<std::string>{"slots come without their account"};
    }
    [[nodiscard]] const Totals& totals() const { return totals_; }

  private:
    struct Last {
        Address address;
        Account account;
        std::optional<u256> slot;
    };
    std::optional<Last> last_;
    std::optional<Hash256> last_code_;
    Totals totals_;
};

Result<void> check_trust(const Reader& reader, const Head& head, const Trust& trust) {
    const BlockHeader& block = head.headers.back();
    const Hash256 hash = hash_of(block);
    if (trust.block_hash && *trust.block_hash != hash) {
        return reader.wrong(
            "it is of block " + to_hex(hash) + ", not of the trusted " + to_hex(*trust.block_hash)
        );
    }
    if (trust.state_root && *trust.state_root != block.state_root) {
        return reader.wrong(
            "its block has state root " + to_hex(block.state_root) + ", not the trusted " +
            to_hex(*trust.state_root)
        );
    }
    return {};
}

/// Every code that an account names must have come before it.
std::optional<std::string> missing_code(
    const storage::Database& database, const state::StateDiff& diff
) {
    for (const state::AccountChange& change : diff.accounts) {
        if (!change.after->has_code() || change.before) {
            continue;
        }
        const auto code = database.get(Table::codes, change.after->code_hash);
        if (!code) {
            return code.error().message;
        }
        if (!*code) {
            return "the code " + to_hex(change.after->code_hash) + " of account " +
                   to_hex(change.address) + " is missing";
        }
    }
    return std::nullopt;
}

void stage_head(storage::WriteBatch& batch, const Head& head) {
    for (const BlockHeader& header : head.headers) {
        const bool is_last = &header == &head.headers.back();
        storage::StoredBlock block;
        block.header = header;
        block.hash = hash_of(header);
        block.opening_hash = is_last ? head.opening_hash : block.hash;
        const auto key = storage::number_key(header.number);
        batch.put(Table::headers, key, storage::encode_header_row(block));
        batch.put(Table::block_numbers, block.hash, key);
        batch.put(Table::block_numbers, block.opening_hash, key);
    }
    storage::ChainStore::stage_genesis(batch, head.genesis_hash);
    storage::ChainStore::stage(batch, storage::GenesisSource{Hash256{}, head.chain_id});
    storage::ChainStore::stage(
        batch,
        storage::Checkpoint{
            .block_number = head.headers.back().number,
            .log_sequence = 0,
            .next_mini_block_number = head.next_mini_block_number
        }
    );
    if (head.sequencer) {
        batch.put(Table::meta, as_bytes(sequencer_key), head.sequencer->view());
    }
}

Result<Exported> fill(
    storage::Database& database,
    Reader& reader,
    const ImportOptions& options,
    const Progress& progress
) {
    auto first = reader.next();
    if (!first) {
        return Err{first.error()};
    }
    if (first->kind != FrameKind::head) {
        return reader.wrong("the head is missing");
    }
    const auto head = decode_head(first->raw);
    if (!head) {
        return reader.wrong(head.error().message);
    }
    if (auto trusted = check_trust(reader, *head, options.trust); !trusted) {
        return Err{trusted.error()};
    }
    const BlockHeader& block = head->headers.back();
    const storage::NodeReader nodes(database);
    trie::StateTree tree(nodes, empty_trie_root);
    Order order;
    while (true) {
        const auto frame = reader.next();
        if (!frame) {
            return Err{frame.error()};
        }
        if (frame->kind == FrameKind::end) {
            const auto totals = decode_totals(frame->raw);
            if (!totals) {
                return reader.wrong(totals.error().message);
            }
            if (*totals != order.totals()) {
                return reader.wrong(
                    "it counts " + std::to_string(totals->accounts) + " accounts and " +
                    std::to_string(totals->slots) + " slots; " +
                    std::to_string(order.totals().accounts) + " and " +
                    std::to_string(order.totals().slots) + " came"
                );
            }
            break;
        }
        if (frame->kind != FrameKind::state) {
            return reader.wrong("a second head");
        }
        const auto diff = state::decode_diff(frame->raw);
        if (!diff) {
            return reader.wrong(diff.error().message);
        }
        if (const auto words = order.follow(*diff)) {
            return reader.wrong(*words);
        }
        if (const auto words = missing_code(database, *diff)) {
            return reader.wrong(*words);
        }
        storage::WriteBatch batch;
        storage::StateStore::stage_genesis(batch, *diff, block.number);
        if (auto applied = tree.apply(execution::tree_updates(*diff)); !applied) {
            return reader.wrong("the state tree cannot be built");
        }
        storage::NodeWriter writer(batch);
        tree.flush(writer);
        if (auto written = database.write(std::move(batch), /*sync=*/false); !written) {
            return Err{written.error()};
        }
        tree.evict(options.tree_cache_bytes);
        if (progress) {
            progress(reader.part_done());
        }
    }
    if (!reader.at_end()) {
        return reader.wrong("something follows it");
    }
    if (tree.root() != block.state_root) {
        return reader.wrong(
            "all of it hashes to " + to_hex(tree.root()) + ", but its block has state root " +
            to_hex(block.state_root)
        );
    }
    storage::WriteBatch batch;
    storage::StateStore::stage_genesis(batch, {}, block.number);
    stage_head(batch, *head);
    if (auto written = database.write(std::move(batch), /*sync=*/true); !written) {
        return Err{written.error()};
    }
    return Exported{
        .block_number = block.number,
        .block_hash = hash_of(block),
        .state_root = block.state_root,
        .totals = order.totals(),
        .file_bytes = reader.size_bytes()
    };
}

}  // namespace

Result<Exported> import_from(const ImportOptions& options, const Progress& progress) {
    if (!options.trust.block_hash && !options.trust.state_root) {
        return Err{Error{"nothing is trusted: name a state root or a block hash"}};
    }
    const auto target = options.data_directory / "database";
    const auto building = options.data_directory / "database.importing";
    std::error_code error;
    if (std::filesystem::exists(target, error)) {
        return Err{Error{options.data_directory.string() + " holds a chain already"}};
    }
    Reader reader(options.file);
    if (auto opened = reader.open(); !opened) {
        return Err{opened.error()};
    }
    const bool existed = std::filesystem::exists(options.data_directory, error);
    const auto clean_up = [&] {
        std::error_code ignored;
        std::filesystem::remove_all(building, ignored);
        if (!existed) {
            std::filesystem::remove(options.data_directory, ignored);
        }
    };
    std::filesystem::remove_all(building, error);  // of an import that was interrupted
    std::filesystem::create_directories(building, error);
    if (error) {
        clean_up();
        return Err{Error{"cannot create " + building.string() + ": " + error.message()}};
    }
    auto imported = [&]() -> Result<Exported> {
        auto database =
            storage::Database::open({.path = building, .cache_bytes = options.database_cache_bytes}
            );
        return database ? fill(**database, reader, options, progress) : Err{database.error()};
    }();
    if (imported) {
        std::filesystem::rename(building, target, error);
    }
    if (!imported || error) {
        clean_up();
    }
    if (imported && error) {
        return Err{Error{"cannot create " + target.string() + ": " + error.message()}};
    }
    return imported;
}

}  // namespace mega::snapshot
