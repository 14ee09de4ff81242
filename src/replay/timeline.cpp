#include "replay/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace mega::replay {
namespace {

using parallel::Span;

constexpr double width = 1200;  // of a row, in pixels
constexpr double left = 90;     // room for names
constexpr double row_height = 18;
constexpr double title_height = 26;
constexpr double gap = 14;

struct Panel {
    const BlockReport* report = nullptr;
    double top = 0;
    double nanoseconds = 1;  // the whole width
};

uint32_t rows_of(const parallel::Report& report) { return std::max<uint32_t>(report.threads, 1); }

/// The begin of each transaction's last execution: those before it were of no avail.
std::unordered_map<size_t, uint64_t> last_executions(const std::vector<Span>& spans) {
    std::unordered_map<size_t, uint64_t> last;
    for (const Span& span : spans) {
        if (span.kind != Span::Kind::commit) {
            uint64_t& begin = last[span.tx];
            begin = std::max(begin, span.begin_ns);
        }
    }
    return last;
}

std::string bar(const Panel& panel, const Span& span, bool is_aborted) {
    const double scale = width / panel.nanoseconds;
    const bool is_commit = span.kind == Span::Kind::commit;
    const auto microseconds = [](uint64_t ns) { return static_cast<double>(ns) / 1e3; };
    return fmt::format(
        "<rect class=\"{}\" x=\"{:.2f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"{}\">"
        "<title>transaction {}: {}, {:.1f} to {:.1f} us</title></rect>\n",
        is_commit    ? "c"
        : is_aborted ? "a"
                     : "e",
        left + static_cast<double>(span.begin_ns) * scale,
        panel.top + title_height + static_cast<double>(span.worker) * row_height +
            (is_commit ? row_height - 6 : 1),
        std::max(static_cast<double>(span.end_ns - span.begin_ns) * scale, 0.3),
        is_commit ? 4 : row_height - 8,
        span.tx,
        is_commit                               ? "commit"
        : is_aborted                            ? "aborted"
        : span.kind == Span::Kind::re_execution ? "repeated"
                                                : "executed",
        microseconds(span.begin_ns),
        microseconds(span.end_ns)
    );
}

std::string draw(const Panel& panel) {
    const parallel::Report& report = *panel.report->execution;
    std::string text = fmt::format(
        "<text x=\"4\" y=\"{:.1f}\">{}: {} transactions, {} executions, {} aborts, {:.3f} ms, "
        "parallelism {:.2f}</text>\n",
        panel.top + title_height - 8,
        panel.report->number ? panel.report->title() : "block",
        report.transactions,
        report.executions,
        report.aborts,
        static_cast<double>(report.wall_ns) / 1e6,
        report.parallelism
    );
    for (uint32_t worker = 0; worker < rows_of(report); ++worker) {
        const double top = panel.top + title_height + worker * row_height;
        text += fmt::format(
            "<rect class=\"r\" x=\"{}\" y=\"{:.1f}\" width=\"{}\" height=\"{}\"/>"
            "<text x=\"4\" y=\"{:.1f}\">worker {}</text>\n",
            left,
            top,
            width,
            row_height - 1,
            top + row_height - 5,
            worker
        );
    }
    const auto last = last_executions(report.spans);
    for (const Span& span : report.spans) {
        const auto found = last.find(span.tx);
        text += bar(panel, span, found != last.end() && span.begin_ns < found->second);
    }
    return text;
}

}  // namespace

std::string timeline_of(const std::vector<BlockReport>& reports) {
    std::string body;
    double top = 0;
    size_t bars = 0;
    size_t left_out = 0;
    for (const BlockReport& report : reports) {
        if (!report.execution || report.execution->spans.empty()) {
            continue;
        }
        bars += report.execution->spans.size();
        if (bars > max_timeline_bars) {
            ++left_out;
            continue;
        }
        const auto wall_ns = static_cast<double>(std::max<uint64_t>(report.execution->wall_ns, 1));
        body += draw({.report = &report, .top = top, .nanoseconds = wall_ns});
        top += title_height + rows_of(*report.execution) * row_height + gap;
    }
    if (left_out != 0) {
        body += fmt::format(
            "<text x=\"4\" y=\"{:.1f}\">{} more blocks are left out</text>\n", top + 14, left_out
        );
    }
    return fmt::format(
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{:.0f}\">\n"
               "<style>text{{font:12px sans-serif}}.r{{fill:#f2f2f2}}.e{{fill:#3b76c4}}"
               ".a{{fill:#d43a2f}}.c{{fill:#8a8a8a}}</style>\n",
               left + width + 10,
               top + 24
           ) +
           body + "</svg>\n";
}

}  // namespace mega::replay
