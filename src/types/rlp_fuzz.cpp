// Whatever decodes encodes to the same bytes: RLP has one form for each value.

#include "types/rlp.hpp"

namespace {

using mega::rlp::Reader;
using mega::rlp::Writer;

constexpr int max_depth = 64;

bool copy_items(Reader items, Writer& out, int depth) {
    while (!items.at_end()) {
        if (!items.next_is_list()) {
            const auto string = items.read_string();
            if (!string) {
                return false;
            }
            out.write(*string);
            continue;
        }
        const auto list = items.read_list();
        if (!list || depth == 0) {
            return false;
        }
        const size_t mark = out.begin_list();
        if (!copy_items(*list, out, depth - 1)) {
            return false;
        }
        out.end_list(mark);
    }
    return true;
}

template <class T, class Read>
void check_integer(mega::BytesView input, Read read) {
    Reader reader(input);
    const mega::Result<T, mega::rlp::DecodeError> value = (reader.*read)();
    if (value) {
        Writer out;
        out.write(*value);
        MEGA_ASSERT(mega::equal(out.view(), input.first(input.size() - reader.rest().size())));
    } else {
        MEGA_ASSERT(!to_string(value.error()).empty());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const mega::BytesView input(data, size);
    Writer out;
    if (copy_items(Reader(input), out, max_depth)) {
        MEGA_ASSERT(mega::equal(out.view(), input));
    }
    check_integer<uint64_t>(input, &Reader::read_u64);
    check_integer<mega::u256>(input, &Reader::read_u256);
    return 0;
}
