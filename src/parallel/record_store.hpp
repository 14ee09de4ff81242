#pragma once

// Records of the transactions in flight, for the workers of a round. A worker takes the one that it
// gave back last: it still lies in its cache, and so does the memory of its vectors.

#include "parallel/record.hpp"

#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

namespace mega::parallel {

/// One worker's records that are not in use.
class alignas(64) RecordShelf {
  private:
    friend class RecordStore;
    std::vector<Record*> idle_;
};

class RecordStore {
  public:
    /// What lies idle on a shelf at most. Who commits what others executed passes on the rest.
    static constexpr size_t most_idle = 32;

    /// Whatever was in the record may still be there.
    [[nodiscard]] Record* take(RecordShelf& shelf) {
        if (shelf.idle_.empty()) {
            fill(shelf);
        }
        Record* const record = shelf.idle_.back();
        shelf.idle_.pop_back();
        return record;
    }
    void give_back(RecordShelf& shelf, Record* record) {
        shelf.idle_.push_back(record);
        if (shelf.idle_.size() > most_idle) {
            pass_on(shelf);
        }
    }
    /// There are no more than were ever in use at once and what idled on shelves then. No worker is
    /// inside.
    [[nodiscard]] size_t size() const { return records_.size(); }

  private:
    void fill(RecordShelf& shelf);
    void pass_on(RecordShelf& shelf);

    std::mutex mutex_;
    std::deque<Record> records_;   // guarded by mutex_, as the next
    std::vector<Record*> shared_;  // idle ones that anybody may take
};

}  // namespace mega::parallel
