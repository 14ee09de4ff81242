#include "attestation/mismatch_notice.hpp"

#include "base/hex.hpp"
#include "types/rlp_fields.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace mega::attestation {
namespace {

constexpr std::string_view domain = "mega mismatch 1";

bool is_printable(char c) { return c >= 0x20 && c <= 0x7e; }

std::string short_text(std::string_view text) {
    std::string cut{text.substr(0, max_notice_text)};
    std::ranges::replace_if(cut, [](char c) { return !is_printable(c); }, ' ');
    return cut;
}

BytesView bytes_of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

void write_fields(rlp::Writer& out, const MismatchStatement& statement) {
    out.write(statement.chain_id);
    out.write(statement.block_number);
    out.write(statement.block_hash.view());
    out.write(bytes_of(statement.code));
    out.write(bytes_of(statement.expected));
    out.write(bytes_of(statement.got));
}

void read_text(rlp::FieldReader& fields, std::string& into) {
    BytesView view;
    fields.read_view(view);
    if (view.size() > max_notice_text) {
        fields.fail(rlp::DecodeError::wrong_length);
        return;
    }
    into.assign(view.begin(), view.end());
    if (!std::ranges::all_of(into, is_printable)) {
        fields.fail(rlp::DecodeError::unexpected_value);
    }
}

}  // namespace

MismatchStatement statement_of(
    uint64_t chain_id, const Delivery& delivery, const Finding& finding
) {
    const auto block = decode_block(delivery.block);
    return {
        chain_id,
        delivery.number,
        block ? hash_of(block->header) : Hash256{},
        short_text(finding.code),
        short_text(finding.expected),
        short_text(finding.got)
    };
}

Bytes message_of(const MismatchStatement& statement) {
    rlp::Writer out;
    out.write_raw(bytes_of(domain));
    const size_t mark = out.begin_list();
    write_fields(out, statement);
    out.end_list(mark);
    return out.take();
}

bool verify(const MismatchNotice& notice) {
    return crypto::bls::verify(notice.key, message_of(notice), notice.signature);
}

Bytes encode(const MismatchNotice& notice) {
    rlp::Writer out;
    const size_t mark = out.begin_list();
    write_fields(out, notice);
    out.write(notice.key.view());
    out.write(notice.signature.view());
    out.end_list(mark);
    return out.take();
}

Result<MismatchNotice> decode_mismatch_notice(BytesView encoded) {
    if (encoded.size() > max_notice_bytes) {
        return Err{Error{
            "a notice of a mismatch of more than " + std::to_string(max_notice_bytes) + " bytes"
        }};
    }
    auto fields = rlp::FieldReader::over_list(encoded);
    MismatchNotice notice;
    fields.read(notice.chain_id);
    fields.read(notice.block_number);
    fields.read(notice.block_hash);
    read_text(fields, notice.code);
    read_text(fields, notice.expected);
    read_text(fields, notice.got);
    fields.read(notice.key);
    fields.read(notice.signature);
    fields.expect_end();
    if (const auto error = fields.error()) {
        return Err{Error{"a malformed notice of a mismatch: " + std::string{rlp::to_string(*error)}}
        };
    }
    return notice;
}

std::string describe(const MismatchNotice& notice) {
    return fmt::format(
        "validator {} says that block {} {} does not validate: {}{}",
        to_hex(notice.key),
        notice.block_number,
        to_hex(notice.block_hash),
        notice.code,
        notice.expected.empty() ? ""
                                : fmt::format(" (expected {}, got {})", notice.expected, notice.got)
    );
}

}  // namespace mega::attestation
