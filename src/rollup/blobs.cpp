#include "rollup/blobs.hpp"

namespace mega::rollup {

std::vector<Bytes> pack_blobs(BytesView data) {
    std::vector<Bytes> blobs(std::max<size_t>(1, blobs_needed(data.size())));
    for (Bytes& blob : blobs) {
        blob.resize(blob_size_bytes);
        for (size_t element = 0; element < field_elements_per_blob && !data.empty(); ++element) {
            const BytesView part = data.first(std::min<size_t>(31, data.size()));
            std::copy(
                part.begin(),
                part.end(),
                blob.begin() + static_cast<std::ptrdiff_t>(element * 32 + 1)
            );
            data = data.subspan(part.size());
        }
    }
    return blobs;
}

Result<Bytes> unpack_blobs(std::span<const Bytes> blobs) {
    Bytes data;
    data.reserve(blobs.size() * data_bytes_per_blob);
    for (size_t i = 0; i < blobs.size(); ++i) {
        const BytesView blob = blobs[i];
        if (blob.size() != blob_size_bytes) {
            return Err{Error{
                "blob " + std::to_string(i) + " has " + std::to_string(blob.size()) +
                " bytes instead of " + std::to_string(blob_size_bytes)
            }};
        }
        for (size_t at = 0; at < blob_size_bytes; at += 32) {
            if (blob[at] != 0) {
                return Err{Error{
                    "blob " + std::to_string(i) + " has a field element that does not begin with 0"
                }};
            }
            append(data, blob.subspan(at + 1, 31));
        }
    }
    return data;
}

}  // namespace mega::rollup
