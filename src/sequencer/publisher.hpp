#pragma once

// Runs what follows from durability (making things visible, completing requests, telling listeners)
// on a thread of its own, in order, so that neither the sequencer nor the log waits for it.

#include "sequencer/listener.hpp"
#include "sequencer/task_thread.hpp"

namespace mega::sequencer {

class Publisher {
  public:
    void post(TaskThread::Task task) { thread_.post(std::move(task)); }
    /// Waits until everything posted so far has run.
    void drain() {
        thread_.run([] {});
    }

    /// Listeners are added before the sequencer starts and outlive the publisher's work.
    void add_listener(Listener& listener) { listeners_.push_back(&listener); }
    template <class Report>
    void tell(const Report& report) const {
        for (Listener* listener : listeners_) {
            report(*listener);
        }
    }

  private:
    std::vector<Listener*> listeners_;
    TaskThread thread_;
};

}  // namespace mega::sequencer
