#include "conformance/file_runner.hpp"

#include "conformance/json_fields.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <functional>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>

namespace mega::conformance {

namespace fs = std::filesystem;

namespace {

constexpr uintmax_t max_file_size_bytes = uintmax_t{1} << 30;
constexpr size_t bar_width = 40;
constexpr std::chrono::milliseconds tick{100};

std::vector<CaseResult> run_guarded(const RunFile& run_file, const fs::path& file) {
    const auto fault = [&](const std::string& what) {
        return std::vector<CaseResult>{{file.string(), "", Outcome::failed, what, {}}};
    };
    try {
        return run_file(file);
    } catch (const std::exception& error) {
        return fault(error.what());
    } catch (...) {
        return fault("unknown exception");
    }
}

/// What one thread does at a time.
struct Task {
    fs::path file;
    RunFile run;
    uintmax_t weight = 0;  // the heaviest start first
};

/// In the order in which results are shown.
std::vector<Task> tasks_of(
    const std::vector<fs::path>& files, const RunFile& run_file, const SplitFile& split
) {
    std::vector<Task> tasks;
    for (const fs::path& file : files) {
        const auto pieces = split ? split(file) : std::vector<RunFile>{};
        for (const RunFile& piece : pieces) {
            tasks.push_back({file, piece, UINTMAX_MAX});
        }
        if (pieces.empty()) {
            std::error_code ignored;
            tasks.push_back({file, run_file, fs::file_size(file, ignored)});
        }
    }
    return tasks;
}

/// Hands tasks to threads, the heaviest first so that no thread is left with one at the end, and
/// their results to the caller in the tasks' own order.
class Pool {
  public:
    Pool(const std::vector<Task>& tasks, size_t jobs)
        : tasks_(tasks), order_(tasks.size()), results_(tasks.size()) {
        std::iota(order_.begin(), order_.end(), size_t{0});
        // By place as well, so that every run takes the same order.
        std::ranges::sort(order_, [&](size_t a, size_t b) {
            const auto weight = [&](size_t i) { return tasks_[i].weight; };
            return weight(a) != weight(b) ? weight(a) > weight(b) : a < b;
        });
        for (size_t i = 0; i < std::min(jobs, tasks.size()); ++i) {
            threads_.emplace_back([this] { work(); });
        }
    }

    /// Waits for the results of task `index`; `while_waiting` is called now and then.
    template <class WhileWaiting>
    [[nodiscard]] std::vector<CaseResult> take(size_t index, const WhileWaiting& while_waiting) {
        std::unique_lock lock{mutex_};
        while (!done_.wait_for(lock, tick, [&] { return results_[index].has_value(); })) {
            while_waiting();
        }
        return std::move(*results_[index]);
    }
    [[nodiscard]] size_t finished() const { return finished_; }

  private:
    void work() {
        for (size_t next = next_++; next < order_.size(); next = next_++) {
            const size_t index = order_[next];
            auto results = run_guarded(tasks_[index].run, tasks_[index].file);
            const std::lock_guard lock{mutex_};
            results_[index] = std::move(results);
            ++finished_;
            done_.notify_all();
        }
    }

    const std::vector<Task>& tasks_;
    std::vector<size_t> order_;
    std::mutex mutex_;
    std::condition_variable done_;
    std::vector<std::optional<std::vector<CaseResult>>> results_;  // guarded by mutex_
    std::atomic<size_t> next_ = 0;
    std::atomic<size_t> finished_ = 0;
    std::vector<std::jthread> threads_;  // last: joined before the rest goes
};

class Progress {
  public:
    explicit Progress(size_t total) : total_(total), is_shown_(::isatty(STDERR_FILENO) != 0) {}

    void show(size_t finished) {
        const size_t filled = total_ == 0 ? 0 : finished * bar_width / total_;
        if (!is_shown_ || finished == shown_) {
            return;
        }
        shown_ = finished;
        fmt::print(
            stderr, "\r[{:=<{}}{: <{}}] {}/{}", "", filled, "", bar_width - filled, finished, total_
        );
    }
    void clear() const {
        if (is_shown_) {
            fmt::print(stderr, "\r\x1b[K");
        }
    }

  private:
    size_t total_;
    size_t shown_ = SIZE_MAX;
    bool is_shown_;
};

void print_json(const CaseResult& result) {
    nlohmann::json line = result.details.is_object() ? result.details : nlohmann::json::object();
    line["name"] = result.name;
    line["fork"] = result.fork;
    line["pass"] = result.outcome == Outcome::passed;
    if (result.outcome == Outcome::skipped) {
        line["skipped"] = true;
    }
    if (!result.message.empty()) {
        line["error"] = result.message;
    }
    fmt::print("{}\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void print_text(const CaseResult& result) {
    if (result.outcome == Outcome::passed) {
        return;
    }
    const char* word = result.outcome == Outcome::failed ? "FAIL" : "SKIP";
    const std::string fork = result.fork.empty() ? "" : " [" + result.fork + "]";
    fmt::print("{} {}{}: {}\n", word, result.name, fork, result.message);
}

void report(const fs::path& file, const CaseResult& result, const RunOptions& options) {
    if (options.on_result) {
        options.on_result(file, result);
    }
    if (options.is_quiet) {
        return;
    }
    options.as_json ? print_json(result) : print_text(result);
}

void collect_below(const fs::path& folder, std::vector<fs::path>& files, std::error_code& error) {
    const size_t first = files.size();
    for (fs::recursive_directory_iterator entry{folder, error}, end; !error && entry != end;
         entry.increment(error)) {
        if (entry->path().extension() == ".json" && entry->is_regular_file(error)) {
            files.push_back(entry->path());
        }
    }
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(first), files.end());
}

}  // namespace

void Counts::add(Outcome outcome) {
    switch (outcome) {
        case Outcome::passed:
            ++passed;
            break;
        case Outcome::failed:
            ++failed;
            break;
        case Outcome::skipped:
            ++skipped;
            break;
    }
}

void Counts::add(const Counts& other) {
    passed += other.passed;
    failed += other.failed;
    skipped += other.skipped;
}

std::string to_string(const Counts& counts) {
    return fmt::format(
        "{} passed, {} failed, {} skipped", counts.passed, counts.failed, counts.skipped
    );
}

Result<std::vector<fs::path>> collect_json_files(const std::vector<std::string>& paths) {
    std::vector<fs::path> files;
    for (const std::string& path : paths) {
        std::error_code error;
        const fs::file_status status = fs::status(path, error);
        const size_t before = files.size();
        if (!fs::exists(status)) {
            return Err{Error{path + ": no such file or folder"}};
        }
        if (fs::is_directory(status)) {
            collect_below(path, files, error);
        } else {
            files.emplace_back(path);
        }
        if (error) {
            return Err{Error{path + ": " + error.message()}};
        }
        if (files.size() == before) {
            return Err{Error{path + ": holds no .json file"}};
        }
    }
    return files;
}

nlohmann::json read_json_file(const fs::path& file) {
    std::error_code error;
    if (!fs::is_regular_file(file, error)) {
        throw Malformed("not a file");
    }
    if (fs::file_size(file, error) > max_file_size_bytes) {
        throw Malformed("larger than 1 GiB");
    }
    std::ifstream stream{file, std::ios::binary};
    if (!stream) {
        throw Malformed("cannot be opened");
    }
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    return nlohmann::json::parse(text);
}

Counts run_files(
    const std::vector<fs::path>& files, const RunFile& run_file, const RunOptions& options
) {
    const size_t cores = std::max<size_t>(1, std::thread::hardware_concurrency());
    const std::vector<Task> tasks = tasks_of(files, run_file, options.split);
    Pool pool{tasks, options.jobs == 0 ? cores : options.jobs};
    Progress progress{tasks.size()};
    Counts counts;
    for (size_t i = 0; i < tasks.size(); ++i) {
        const auto show = [&] { progress.show(pool.finished()); };
        for (const CaseResult& result : pool.take(i, show)) {
            counts.add(result.outcome);
            report(tasks[i].file, result, options);
        }
    }
    progress.clear();
    return counts;
}

int run_paths(
    const std::vector<std::string>& paths, const RunFile& run_file, const RunOptions& options
) {
    const auto files = collect_json_files(paths);
    if (!files) {
        fmt::print(stderr, "mega: {}\n", files.error().message);
        return 1;
    }
    const Counts counts = run_files(*files, run_file, options);
    fmt::print(options.as_json ? stderr : stdout, "{}\n", to_string(counts));
    return counts.failed == 0 && counts.passed > 0 ? 0 : 1;
}

}  // namespace mega::conformance
