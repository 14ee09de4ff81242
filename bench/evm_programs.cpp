#include "bench/evm_programs.hpp"

#include "conformance/json_fields.hpp"
#include "execution/block.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <tuple>

namespace mega::bench {
namespace {

using conformance::json;
using conformance::Malformed;
using conformance::read_address;
using conformance::read_alloc;
using conformance::read_data;
using conformance::read_hash;
using conformance::read_u64;
using conformance::read_word;
namespace fs = std::filesystem;

/// Files that name no fork run under the newest one.
constexpr Fork default_fork = current_fork;

const state::EmptyState nothing;

execution::BlockEnv read_env(Fork fork, const json& env) {
    BlockHeader header;
    header.beneficiary = read_address(env.at("currentCoinbase"));
    header.gas_limit = read_u64(env.at("currentGasLimit"));
    header.number = read_u64(env.at("currentNumber"));
    header.timestamp = read_u64(env.at("currentTimestamp"));
    header.base_fee_per_gas = read_word(env.at("currentBaseFee"));
    if (env.contains("currentDifficulty")) {
        header.difficulty = read_word(env.at("currentDifficulty"));
    }
    return execution::block_env(fork, 1, header);
}

/// The fields that all of a test's inputs share.
SignedTransaction read_transaction(const json& fields) {
    SignedTransaction parsed;
    parsed.tx.nonce = read_u64(fields.at("nonce"));
    parsed.tx.to = read_address(fields.at("to"));
    parsed.tx.max_fee_per_gas = read_word(fields.at("gasPrice"));
    parsed.tx.max_priority_fee_per_gas = parsed.tx.max_fee_per_gas;
    parsed.sender = read_address(fields.at("sender"));
    return parsed;
}

/// ipsilon: `transaction` has lists of data, gas and value; `post` picks one of each.
void add_selected(std::vector<EvmProgram>& programs, const EvmProgram& common, const json& test) {
    const json& fields = test.at("transaction");
    const json labels = test.at("_info").value("labels", json::object());
    for (const auto& [fork_name, cases] : test.at("post").items()) {
        const auto fork = fork_from_name(fork_name);
        if (!fork) {
            throw Malformed("unknown fork " + fork_name);
        }
        for (const json& expected : cases) {
            const json& pick = expected.at("indexes");
            const auto data = pick.at("data").get<size_t>();
            EvmProgram program = common;
            program.env = read_env(*fork, test.at("env"));
            program.tx.tx.data = read_data(fields.at("data").at(data));
            program.tx.tx.gas_limit =
                read_u64(fields.at("gasLimit").at(pick.at("gas").get<size_t>()));
            program.tx.tx.value = read_word(fields.at("value").at(pick.at("value").get<size_t>()));
            program.name += "/" + labels.value(std::to_string(data), std::to_string(data));
            program.expected = EvmExpectation{
                .state_root = read_hash(expected.at("hash")),
                .logs_hash = read_hash(expected.at("logs"))
            };
            programs.push_back(std::move(program));
        }
    }
}

/// revmc: `transaction` is a list of whole ones, and nothing says what they leave.
void add_listed(std::vector<EvmProgram>& programs, const EvmProgram& common, const json& test) {
    const json& transactions = test.at("transaction");
    for (size_t i = 0; i < transactions.size(); ++i) {
        EvmProgram program = common;
        program.env = read_env(default_fork, test.at("env"));
        program.tx = read_transaction(transactions[i]);
        program.tx.tx.data = read_data(transactions[i].at("data"));
        program.tx.tx.gas_limit = read_u64(transactions[i].at("gasLimit"));
        program.tx.tx.value = read_word(transactions[i].at("value"));
        if (transactions.size() > 1) {
            program.name += "/" + std::to_string(i);
        }
        programs.push_back(std::move(program));
    }
}

void add_test(
    std::vector<EvmProgram>& programs,
    const std::string& group,
    const std::string& name,
    const json& test
) {
    EvmProgram common;
    common.group = group;
    common.name = group + "/" + name;
    common.pre = std::make_shared<const state::StateDiff>(read_alloc(test.at("pre")));
    auto view = std::make_shared<state::Overlay>(nothing);
    view->apply(*common.pre);
    common.view = std::move(view);
    if (test.at("transaction").is_array()) {
        add_listed(programs, common, test);
        return;
    }
    common.tx = read_transaction(test.at("transaction"));
    add_selected(programs, common, test);
}

/// The folder names the group; revmc's is called "data".
std::string group_of(const fs::path& file) {
    const fs::path folder = fs::absolute(file).parent_path();
    return folder.filename() == "data" ? folder.parent_path().filename().string()
                                       : folder.filename().string();
}

Result<void> read_file(std::vector<EvmProgram>& programs, const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in) {
        return Err{Error{"cannot read " + file.string()}};
    }
    try {
        for (const auto& [name, test] : json::parse(text).items()) {
            add_test(programs, group_of(file), name, test);
        }
    } catch (const std::exception& exception) {
        return Err{Error{file.string() + ": " + exception.what()}};
    }
    return {};
}

Result<std::vector<fs::path>> files_of(const std::vector<fs::path>& paths) {
    std::vector<fs::path> files;
    for (const fs::path& path : paths) {
        std::error_code error;
        if (fs::is_regular_file(path, error)) {
            files.push_back(path);
            continue;
        }
        const fs::recursive_directory_iterator entries(path, error);
        if (error) {
            return Err{Error{"cannot read " + path.string() + ": " + error.message()}};
        }
        for (const auto& entry : entries) {
            if (entry.path().extension() == ".json") {
                files.push_back(entry.path());
            }
        }
    }
    return files;
}

}  // namespace

Result<std::vector<EvmProgram>> load_evm_programs(
    const std::vector<fs::path>& paths, const std::string& filter
) {
    const auto files = files_of(paths);
    if (!files) {
        return Err{files.error()};
    }
    std::vector<EvmProgram> programs;
    for (const fs::path& file : *files) {
        if (const auto read = read_file(programs, file); !read) {
            return Err{read.error()};
        }
    }
    std::erase_if(programs, [&filter](const EvmProgram& program) {
        return program.name.find(filter) == std::string::npos;
    });
    std::ranges::sort(programs, [](const EvmProgram& a, const EvmProgram& b) {
        return std::tie(a.group, a.name) < std::tie(b.group, b.name);
    });
    return programs;
}

}  // namespace mega::bench
