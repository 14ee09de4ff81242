#include "snapshot/export.hpp"

#include "base/hex.hpp"
#include "storage/block_codec.hpp"
#include "storage/state_records.hpp"

#include <deque>
#include <fstream>

namespace mega::snapshot {
namespace {

using storage::Table;

constexpr size_t rows_per_page = 20'000;
constexpr std::string_view sequencer_key = "sequencer";

/// The rows of a table in order, a page in memory.
class Rows {
  public:
    struct Row {
        Bytes key;
        Bytes value;
    };
    Rows(const storage::Database& database, Table table) : database_(&database), table_(table) {}

    /// Null at the end.
    [[nodiscard]] Result<const Row*> peek() {
        if (page_.empty() && !is_over_) {
            if (auto filled = fill(); !filled) {
                return Err{filled.error()};
            }
        }
        return page_.empty() ? nullptr : &page_.front();
    }
    void pop() { page_.pop_front(); }

  private:
    [[nodiscard]] Result<void> fill() {
        auto scanned = database_->scan(table_, next_, [&](BytesView key, BytesView value) {
            page_.push_back({to_bytes(key), to_bytes(value)});
            return page_.size() < rows_per_page;
        });
        is_over_ = page_.size() < rows_per_page;
        if (!page_.empty()) {
            next_ = page_.back().key;
            next_.push_back(0);  // the first key after it
        }
        return scanned;
    }

    const storage::Database* database_;
    Table table_;
    std::deque<Row> page_;
    Bytes next_;
    bool is_over_ = false;
};

class Writer {
  public:
    explicit Writer(const std::filesystem::path& path)
        : path_(path), file_(path, std::ios::binary | std::ios::trunc) {
        write(file_header());
    }
    void frame(FrameKind kind, BytesView raw) { write(make_frame(kind, raw)); }
    /// Adds to the frame that is being filled.
    state::StateDiff& pending() { return pending_; }
    void grow(size_t bytes) {
        pending_bytes_ += bytes;
        if (pending_bytes_ >= target_raw_bytes) {
            flush();
        }
    }
    [[nodiscard]] bool is_flushed() const { return pending_bytes_ == 0; }
    void flush() {
        if (!pending_.is_empty()) {
            frame(FrameKind::state, state::encode(pending_));
        }
        pending_ = {};
        pending_bytes_ = 0;
    }
    [[nodiscard]] uint64_t size_bytes() const { return size_bytes_; }
    [[nodiscard]] Result<void> close() {
        file_.flush();
        return file_ ? Result<void>{} : Err{Error{"cannot write " + path_.string()}};
    }

  private:
    void write(const Bytes& bytes) {
        file_.write(
            reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size())
        );
        size_bytes_ += bytes.size();
    }

    std::filesystem::path path_;
    std::ofstream file_;
    state::StateDiff pending_;
    size_t pending_bytes_ = 0;
    uint64_t size_bytes_ = 0;
};

/// Of the newest mini-block at or before the head, when one of the last blocks has any.
Result<std::optional<Address>> signer(const storage::ChainStore& blocks, uint64_t number) {
    for (uint64_t back = 0; back <= std::min<uint64_t>(number, max_headers); ++back) {
        const auto block = blocks.block(number - back);
        if (!block) {
            return Err{block.error()};
        }
        if (*block != nullptr && !(*block)->mini_blocks.empty()) {
            return recover_signer((*block)->mini_blocks.back().header);
        }
    }
    return std::optional<Address>{};
}

Result<std::optional<Address>> sequencer_of(
    const storage::Database& database, const storage::ChainStore& blocks, uint64_t number
) {
    const auto row = database.get(Table::meta, as_bytes(sequencer_key));
    if (!row) {
        return Err{row.error()};
    }
    if (*row && (*row)->size() == sizeof(Address)) {
        return std::optional{Address::from(**row)};
    }
    return signer(blocks, number);
}

Result<Head> read_head(const storage::Database& database, const storage::ChainStore& blocks) {
    const auto checkpoint = blocks.checkpoint();
    const auto genesis = blocks.genesis_hash();
    const auto source = blocks.genesis_source();
    if (!checkpoint || !genesis || !source) {
        return Err{
            !checkpoint ? checkpoint.error() : (!genesis ? genesis.error() : source.error())
        };
    }
    if (!*checkpoint || !*genesis || !*source) {
        return Err{Error{"the directory holds no chain"}};
    }
    Head head;
    head.chain_id = (*source)->chain_id;
    head.genesis_hash = **genesis;
    head.next_mini_block_number = (*checkpoint)->next_mini_block_number;
    const uint64_t number = (*checkpoint)->block_number;
    for (uint64_t back = std::min<uint64_t>(number, max_headers - 1) + 1; back-- > 0;) {
        const auto header = blocks.header(number - back);
        if (!header) {
            return Err{header.error()};
        }
        if (!*header) {
            head.headers.clear();  // a snapshot was imported: it goes no further back
            continue;
        }
        head.headers.push_back((*header)->header);
        head.opening_hash = (*header)->opening_hash;
    }
    if (head.headers.empty() || head.headers.back().number != number) {
        return Err{Error{"the database lacks the block of its checkpoint"}};
    }
    auto sequencer = sequencer_of(database, blocks, number);
    if (!sequencer) {
        return Err{sequencer.error()};
    }
    head.sequencer = *sequencer;
    return head;
}

Result<void> write_codes(const storage::Database& database, Writer& writer, Totals& totals) {
    Rows rows(database, Table::codes);
    while (true) {
        const auto row = rows.peek();
        if (!row) {
            return Err{row.error()};
        }
        if (*row == nullptr) {
            writer.flush();
            return {};
        }
        writer.pending().codes.push_back(
            {Hash256::from((*row)->key), std::make_shared<const evm::Code>((*row)->value)}
        );
        ++totals.codes;
        writer.grow((*row)->value.size() + 8);
        rows.pop();
    }
}

Err<Error> damaged(BytesView key) {
    return Err{Error{"database: damaged state record at " + to_hex(key)}};
}

Result<void> write_slots(
    Rows& slots, const Address& address, const Account& account, Writer& writer, Totals& totals
) {
    while (true) {
        const auto row = slots.peek();
        if (!row) {
            return Err{row.error()};
        }
        if (*row == nullptr || !equal(BytesView{(*row)->key}.first(20), address)) {
            return {};
        }
        const auto value = storage::decode_word((*row)->value);
        if ((*row)->key.size() != 52 || !value) {
            return damaged((*row)->key);
        }
        if (writer.is_flushed()) {
            writer.pending().accounts.push_back({address, account, account});
        }
        writer.pending().slots.push_back(
            {address, u256::from_be(BytesView{(*row)->key}.subspan(20)), 0, *value}
        );
        ++totals.slots;
        slots.pop();
        writer.grow(72);
    }
}

Result<void> write_accounts(
    const storage::Database& database, Writer& writer, Totals& totals, const Progress& progress
) {
    Rows accounts(database, Table::accounts);
    Rows slots(database, Table::slots);
    while (true) {
        const auto row = accounts.peek();
        if (!row) {
            return Err{row.error()};
        }
        if (*row == nullptr) {
            writer.flush();
            return {};
        }
        const auto account = storage::decode_account_record((*row)->value);
        if ((*row)->key.size() != 20 || !account) {
            return damaged((*row)->key);
        }
        const Address address = Address::from((*row)->key);
        writer.pending().accounts.push_back({address, std::nullopt, *account});
        writer.grow(96);
        if (++totals.accounts % 10'000 == 0 && progress) {
            progress((address.bytes[0] * 256.0 + address.bytes[1]) / 65536.0);
        }
        accounts.pop();
        if (auto written = write_slots(slots, address, *account, writer, totals); !written) {
            return written;
        }
    }
}

Result<Exported> write_all(
    const std::filesystem::path& file, storage::Database& database, const Progress& progress
) {
    storage::ChainStore blocks(database);
    const auto head = read_head(database, blocks);
    if (!head) {
        return Err{head.error()};
    }
    Writer writer(file);
    writer.frame(FrameKind::head, encode(*head));
    Exported exported;
    if (auto written = write_codes(database, writer, exported.totals); !written) {
        return Err{written.error()};
    }
    if (auto written = write_accounts(database, writer, exported.totals, progress); !written) {
        return Err{written.error()};
    }
    writer.frame(FrameKind::end, encode(exported.totals));
    if (auto closed = writer.close(); !closed) {
        return Err{closed.error()};
    }
    exported.block_number = head->headers.back().number;
    exported.block_hash = hash_of(head->headers.back());
    exported.state_root = head->headers.back().state_root;
    exported.file_bytes = writer.size_bytes();
    return exported;
}

}  // namespace

Result<Exported> export_to(
    const std::filesystem::path& file, storage::Database& database, const Progress& progress
) {
    std::error_code error;
    if (std::filesystem::exists(file, error)) {
        return Err{Error{file.string() + " exists already"}};
    }
    std::filesystem::path part = file;
    part += ".part";
    auto exported = write_all(part, database, progress);
    if (exported) {
        std::filesystem::rename(part, file, error);
    }
    if (!exported || error) {
        std::error_code ignored;
        std::filesystem::remove(part, ignored);
    }
    if (exported && error) {
        return Err{Error{"cannot write " + file.string() + ": " + error.message()}};
    }
    return exported;
}

}  // namespace mega::snapshot
