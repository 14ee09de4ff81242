#include "evm/frames.hpp"

#include "base/assert.hpp"

#include <new>

namespace mega::evm {

namespace {

constexpr size_t large_buffer_bytes = size_t{64} << 10;
constexpr std::align_val_t stack_alignment{64};
/// Every frame has its limit of words and one slot below the first word, where an empty stack's top
/// points.
constexpr size_t stack_slots = (max_call_depth + 1) * (stack_limit + 1);

}  // namespace

uint8_t* MemoryRegion::grow(uint8_t* slice, size_t old_size, size_t size) {
    if (chunks_.empty()) {
        open_chunk(0, size);
    }
    const size_t start = used_ - old_size;
    if (size <= chunks_[chunk_].size - start) {
        uint8_t* const place = chunks_[chunk_].bytes.get() + start;
        std::memset(place + old_size, 0, size - old_size);
        used_ = start + size;
        return place;
    }
    open_chunk(chunk_ + 1, size);
    uint8_t* const place = chunks_[chunk_].bytes.get();
    if (old_size != 0) {
        std::memcpy(place, slice, old_size);
    }
    std::memset(place + old_size, 0, size - old_size);
    used_ = size;
    return place;
}

void MemoryRegion::open_chunk(size_t index, size_t least_bytes) {
    if (index == chunks_.size() || chunks_[index].size < least_bytes) {
        // Twice the need, so that a memory growing word by word moves a bounded number of times.
        const size_t size = std::max(first_chunk_bytes, 2 * least_bytes);
        chunks_.resize(index);
        chunks_.push_back({std::unique_ptr<uint8_t[]>(new uint8_t[size]), size});
    }
    chunk_ = index;
    used_ = 0;
}

void MemoryRegion::trim() {
    release({});
    size_t total = 0;
    for (size_t i = 0; i < chunks_.size(); ++i) {
        total += chunks_[i].size;
        if (total > kept_bytes) {
            chunks_.resize(i);
            return;
        }
    }
}

BytesView OutputBuffer::assign(BytesView output) {
    if (output.empty()) {
        return {};
    }
    if (output.size() > capacity_) {
        capacity_ = std::max<size_t>(output.size(), 256);
        bytes_.reset(new uint8_t[capacity_]);
    }
    std::memcpy(bytes_.get(), output.data(), output.size());
    return {bytes_.get(), output.size()};
}

void OutputBuffer::free() {
    bytes_.reset();
    capacity_ = 0;
}

void Frames::FreeStacks::operator()(u256* region) const {
    ::operator delete(static_cast<void*>(region), stack_alignment);
}

// The words are written before they are read, so the region stays uninitialised and the system
// supplies its pages on use.
Frames::Frames()
    : stacks(static_cast<u256*>(::operator new(stack_slots * sizeof(u256), stack_alignment))),
      stacks_end(stacks.get() + stack_slots),
      next_stack(stacks.get()) {}

BytesView Frames::keep_return_data(uint32_t depth, BytesView output) {
    if (output.size() > large_buffer_bytes) {
        has_large_buffer = true;
    }
    return return_data[depth].assign(output);
}

BytesView Frames::keep_host_output(Bytes&& output) {
    has_large_buffer = has_large_buffer || output.capacity() > large_buffer_bytes;
    host_output = std::move(output);
    return host_output;
}

void Frames::trim() {
    next_stack = stacks.get();
    refund_above = 0;
    memory.trim();
    if (!has_large_buffer) {
        return;
    }
    has_large_buffer = false;
    host_output = Bytes{};
    for (OutputBuffer& buffer : return_data) {
        if (buffer.capacity() > large_buffer_bytes) {
            buffer.free();
        }
    }
}

}  // namespace mega::evm
