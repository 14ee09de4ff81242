#include "bench/evm_figures.hpp"

#include "bench/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace mega::bench {
namespace {

using nlohmann::json;

constexpr double ns_per_us = 1000;

/// Medians and minima of several runs.
struct Runs {
    std::vector<double> medians;
    std::vector<double> minima;

    void add(const Figure& figure) {
        if (figure.min_ns > 0) {
            medians.push_back(figure.median_ns);
            minima.push_back(figure.min_ns);
        }
    }
    [[nodiscard]] Figure pool() const {
        return minima.empty() ? Figure{}
                              : Figure{median(medians), *std::ranges::min_element(minima)};
    }
};
struct ProgramRuns {
    Runs execute;
    Runs total;
};
using RunsByName = std::map<std::string, ProgramRuns>;

double ns_of(std::string_view unit) {
    return unit == "ns" ? 1 : unit == "us" ? ns_per_us : unit == "ms" ? 1e6 : 1e9;
}

/// "baseline/execute/main/x" is an execution of "main/x"; repetitions are runs of their own.
void add_google_entry(RunsByName& runs, const json& entry) {
    if (entry.value("run_type", "iteration") != "iteration" || entry.contains("error_occurred")) {
        return;
    }
    const auto name = entry.at("name").get<std::string>();
    const double time =
        entry.at("cpu_time").get<double>() * ns_of(entry.at("time_unit").get<std::string>());
    for (const std::string_view kind : {"execute", "total"}) {
        const std::string prefix = "baseline/" + std::string(kind) + "/";
        if (name.starts_with(prefix)) {
            ProgramRuns& program = runs[name.substr(prefix.size())];
            (kind == "execute" ? program.execute : program.total).add({time, time});
        }
    }
}

void add_own_row(RunsByName& runs, const json& row) {
    const auto figure = [&row](const std::string& key) {
        const auto us = [&row](const std::string& field) {
            return row.contains(field) && row.at(field).is_number() ? row.at(field).get<double>()
                                                                    : 0;
        };
        return Figure{us(key + "_us") * ns_per_us, us(key + "_min_us") * ns_per_us};
    };
    ProgramRuns& program = runs[row.at("name").get<std::string>()];
    program.execute.add(figure("execute"));
    program.total.add(figure("total"));
}

Result<void> read_file(RunsByName& runs, const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in) {
        return Err{Error{"cannot read " + file.string()}};
    }
    try {
        const json root = json::parse(text);
        if (root.contains("benchmarks")) {
            for (const json& entry : root.at("benchmarks")) {
                add_google_entry(runs, entry);
            }
        } else {
            for (const json& row : root.at("tables").at("evm").at("rows")) {
                add_own_row(runs, row);
            }
        }
    } catch (const json::exception& exception) {
        return Err{Error{file.string() + ": " + exception.what()}};
    }
    return {};
}

Result<RunsByName> read_runs(const std::vector<std::filesystem::path>& files) {
    RunsByName runs;
    for (const auto& file : files) {
        if (const auto read = read_file(runs, file); !read) {
            return Err{read.error()};
        }
    }
    return runs;
}

Cell in_us(double ns) { return ns > 0 ? Cell{ns / ns_per_us} : Cell{}; }
Cell ratio(double theirs, double ours) {
    return theirs > 0 && ours > 0 ? Cell{theirs / ours} : Cell{};
}

std::string group_of(const std::string& name) { return name.substr(0, name.find('/')); }

/// The geometric mean of each ratio column over the rows of one group.
class GroupMeans {
  public:
    void add(const std::string& group, const std::vector<Cell>& ratios) {
        Sums& sums = groups_[group];
        sums.logs.resize(ratios.size());
        sums.counts.resize(ratios.size());
        for (size_t i = 0; i < ratios.size(); ++i) {
            if (const auto* value = std::get_if<double>(&ratios[i])) {
                sums.logs[i] += std::log(*value);
                sums.counts[i] += 1;
            }
        }
    }
    void add_rows(Table& table, size_t leading_cells) const {
        for (const auto& [group, sums] : groups_) {
            std::vector<Cell> row{"geometric mean of " + group};
            row.resize(leading_cells);
            for (size_t i = 0; i < sums.logs.size(); ++i) {
                row.push_back(
                    sums.counts[i] > 0 ? Cell{std::exp(sums.logs[i] / sums.counts[i])} : Cell{}
                );
            }
            table.rows.push_back(std::move(row));
        }
    }

  private:
    struct Sums {
        std::vector<double> logs;
        std::vector<double> counts;
    };
    std::map<std::string, Sums> groups_;
};

std::vector<Column> columns_of(bool is_compared) {
    std::vector<Column> columns{
        {"name", "program"},
        {"gas", "gas"},
        {"execute_us", "execute us", 2},
        {"execute_min_us", "fastest us", 2},
        {"ns_per_gas", "ns/gas", 3},
        {"total_us", "total us", 2},
        {"total_min_us", "fastest us", 2},
    };
    if (is_compared) {
        columns.push_back({"baseline_execute_us", "baseline execute us", 2});
        columns.push_back({"baseline_execute_min_us", "fastest us", 2});
        columns.push_back({"ratio", "ratio", 2});
        columns.push_back({"ratio_fastest", "ratio of fastest", 2});
        columns.push_back({"ratio_total", "ratio of total", 2});
    }
    return columns;
}

}  // namespace

Figure figure_of(std::vector<double> samples_ns) {
    if (samples_ns.empty()) {
        return {};
    }
    const double fastest = *std::ranges::min_element(samples_ns);
    return {.median_ns = median(std::move(samples_ns)), .min_ns = fastest};
}

Result<FiguresByName> read_figures(const std::vector<std::filesystem::path>& files) {
    const auto runs = read_runs(files);
    if (!runs) {
        return Err{runs.error()};
    }
    FiguresByName figures;
    for (const auto& [name, program] : *runs) {
        figures[name] = {.execute = program.execute.pool(), .total = program.total.pool()};
    }
    return figures;
}

Result<FiguresByName> merge_runs(
    const FiguresByName& figures, const std::vector<std::filesystem::path>& files
) {
    auto runs = read_runs(files);
    if (!runs) {
        return Err{runs.error()};
    }
    FiguresByName merged;
    for (const auto& [name, program] : figures) {
        ProgramRuns& all = (*runs)[name];
        all.execute.add(program.execute);
        all.total.add(program.total);
        merged[name] = {.execute = all.execute.pool(), .total = all.total.pool()};
    }
    return merged;
}

Table figures_table(
    const std::string& title,
    const std::vector<FigureRow>& rows,
    const FiguresByName& ours,
    const FiguresByName& baseline
) {
    const bool is_compared = !baseline.empty();
    Table table{.key = "evm", .title = title, .columns = columns_of(is_compared)};
    GroupMeans means;
    for (const auto& [name, gas] : rows) {
        const EvmFigures& own = ours.at(name);
        const Cell per_gas = gas > 0 ? Cell{own.execute.median_ns / gas} : Cell{};
        std::vector<Cell> cells{
            name,
            gas,
            in_us(own.execute.median_ns),
            in_us(own.execute.min_ns),
            per_gas,
            in_us(own.total.median_ns),
            in_us(own.total.min_ns)
        };
        if (is_compared) {
            const auto found = baseline.find(name);
            const EvmFigures other = found == baseline.end() ? EvmFigures{} : found->second;
            cells.push_back(in_us(other.execute.median_ns));
            cells.push_back(in_us(other.execute.min_ns));
            const std::vector<Cell> ratios{
                ratio(other.execute.median_ns, own.execute.median_ns),
                ratio(other.execute.min_ns, own.execute.min_ns),
                ratio(other.total.min_ns, own.total.min_ns)
            };
            means.add(group_of(name), ratios);
            cells.insert(cells.end(), ratios.begin(), ratios.end());
        }
        table.rows.push_back(std::move(cells));
    }
    means.add_rows(table, columns_of(is_compared).size() - 3);
    return table;
}

}  // namespace mega::bench
