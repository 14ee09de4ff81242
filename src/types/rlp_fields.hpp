#pragma once

// Reading a structure field by field: the first error sticks, later reads do nothing, and the
// caller asks once at the end. The out-parameters are the price for decoders that read like the
// structure they decode.

#include "types/rlp.hpp"

#include <optional>

namespace mega::rlp {

class FieldReader {
  public:
    /// Over the items of a list that is already open.
    explicit FieldReader(Reader items) : reader_(items) {}

    /// Opens the list that is all of `encoded`; nothing may follow it.
    [[nodiscard]] static FieldReader over_list(BytesView encoded) {
        Reader outer(encoded);
        auto list = outer.read_list();
        if (!list) {
            return failed(list.error());
        }
        if (!outer.at_end()) {
            return failed(DecodeError::trailing_bytes);
        }
        return FieldReader(*list);
    }

    /// Fields remain to be read; false after an error.
    [[nodiscard]] bool has_more() const { return !error_ && !reader_.at_end(); }
    [[nodiscard]] bool next_is_list() const { return has_more() && reader_.next_is_list(); }
    [[nodiscard]] std::optional<DecodeError> error() const { return error_; }
    void fail(DecodeError error) {
        if (!error_) {
            error_ = error;
        }
    }

    void read(uint64_t& into) { keep(into, &Reader::read_u64); }
    void read(u256& into) { keep(into, &Reader::read_u256); }
    template <size_t N>
    void read(FixedBytes<N>& into) {
        keep(into, &Reader::read_fixed<N>);
    }
    void read(Bytes& into) {
        BytesView view;
        read_view(view);
        into = to_bytes(view);
    }
    /// A fixed string, or the empty string for absence.
    template <size_t N>
    void read_or_empty(std::optional<FixedBytes<N>>& into) {
        BytesView view;
        read_view(view);
        if (view.size() == N) {
            into = FixedBytes<N>::from(view);
        } else if (!view.empty()) {
            fail(DecodeError::wrong_length);
        }
    }
    /// A field that older structures end before.
    template <class T>
    void read_if_present(std::optional<T>& into) {
        if (has_more()) {
            read(into.emplace());
        }
    }
    void read_view(BytesView& into) { keep(into, &Reader::read_string); }
    void read_item(BytesView& into) { keep(into, &Reader::read_item); }
    /// Calls `read_element(FieldReader&)` for as long as the next list has items.
    template <class F>
    void read_each(F read_element) {
        FieldReader list = open_list();
        while (list.has_more()) {
            read_element(list);
        }
        adopt_error(list);
    }
    /// The next list as one structure: every item of it must be consumed by
    /// `read_fields(FieldReader&)`.
    template <class F>
    void read_structure(F read_fields) {
        FieldReader list = open_list();
        read_fields(list);
        list.expect_end();
        adopt_error(list);
    }

    void expect_end() {
        if (has_more()) {
            fail(DecodeError::trailing_bytes);
        }
    }

  private:
    static FieldReader failed(DecodeError error) {
        FieldReader reader{Reader{{}}};
        reader.error_ = error;
        return reader;
    }

    FieldReader open_list() {
        if (error_) {
            return failed(*error_);
        }
        auto list = reader_.read_list();
        return list ? FieldReader(*list) : failed(list.error());
    }
    void adopt_error(const FieldReader& list) {
        if (list.error_) {
            fail(*list.error_);
        }
    }

    template <class T>
    void keep(T& into, Result<T, DecodeError> (Reader::*read_field)()) {
        if (error_) {
            return;
        }
        auto field = (reader_.*read_field)();
        if (field) {
            into = *field;
        } else {
            error_ = field.error();
        }
    }

    Reader reader_;
    std::optional<DecodeError> error_;
};

}  // namespace mega::rlp
