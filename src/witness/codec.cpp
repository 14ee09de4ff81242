#include "witness/codec.hpp"

namespace mega::witness {

std::string_view to_string(CodecError error) {
    switch (error) {
        case CodecError::too_short:
            return "witness ends too early";
        case CodecError::trailing_bytes:
            return "witness has bytes after its end";
        case CodecError::unknown_version:
            return "witness has an unknown version";
        case CodecError::too_large:
            return "witness is larger than allowed";
        case CodecError::too_many_nodes:
            return "witness has more nodes than allowed";
        case CodecError::bad_compression:
            return "witness cannot be decompressed to the size it states";
        case CodecError::bad_number:
            return "a number in the witness is malformed";
        case CodecError::bad_node:
            return "a node of the witness is malformed or cannot be at its place";
        case CodecError::repeated_node:
            return "a node is given in full twice";
        case CodecError::bad_code:
            return "codes of the witness are out of order, repeated or named in the wrong way";
        case CodecError::bad_header:
            return "a header of the witness is malformed";
        case CodecError::bad_key:
            return "a key of the witness is neither an address nor a slot";
    }
    return "unknown witness error";
}

}  // namespace mega::witness
