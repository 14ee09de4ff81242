#pragma once

// Draws what ran where: an SVG with a panel a block, in it a row a worker and a bar an execution.
// Executions that stood are blue, those of no avail red, commits grey. A browser shows a bar's
// transaction and times where the mouse rests.

#include "replay/report.hpp"

namespace mega::replay {

/// Blocks are drawn until this many bars; the drawing says what was left out.
inline constexpr size_t max_timeline_bars = 100'000;

/// Of the reports that have spans.
[[nodiscard]] std::string timeline_of(const std::vector<BlockReport>& reports);

}  // namespace mega::replay
