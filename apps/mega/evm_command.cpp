#include "commands.hpp"

#include "conformance/code_run.hpp"
#include "conformance/file_runner.hpp"
#include "conformance/json_fields.hpp"
#include "node/version.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <memory>

namespace mega::app {

namespace {

struct Options {
    std::string code;
    std::string code_file;
    std::string input;
    uint64_t gas = 10'000'000'000;
    std::string value = "0";
    std::string sender = "0x000000000000000000000000000073656e646572";
    std::string receiver = "0x0000000000000000000000007265636569766572";
    std::string fork = "Osaka";
    std::string prestate;
    size_t bench_runs = 0;
    bool is_creation = false;
    bool is_traced = false;
    bool as_json = false;
};

Bytes read_hex(const std::string& what, std::string text) {
    std::erase_if(text, [](char c) { return std::isspace(static_cast<unsigned char>(c)); });
    auto bytes = from_hex(text, false);
    if (!bytes) {
        throw conformance::Malformed(what + ": " + std::string(to_string(bytes.error())));
    }
    return std::move(*bytes);
}

Bytes read_code(const Options& options) {
    if (options.code_file.empty()) {
        return read_hex("code", options.code);
    }
    std::ifstream file{options.code_file};
    if (!file) {
        throw conformance::Malformed(options.code_file + ": cannot be opened");
    }
    return read_hex(options.code_file, {std::istreambuf_iterator<char>(file), {}});
}

conformance::CodeRun read_run(const Options& options) {
    const auto fork = fork_from_name(options.fork);
    if (!fork) {
        throw conformance::Malformed("unknown fork " + options.fork);
    }
    conformance::CodeRun run;
    run.fork = *fork;
    run.code = read_code(options);
    run.input = read_hex("input", options.input);
    run.gas = options.gas;
    run.value = conformance::read_word(options.value);
    run.sender = conformance::read_address(options.sender);
    run.receiver = conformance::read_address(options.receiver);
    run.is_creation = options.is_creation;
    if (!options.prestate.empty()) {
        const auto file = conformance::read_json_file(options.prestate);
        run.prestate = conformance::read_alloc(file.contains("alloc") ? file["alloc"] : file);
    }
    return run;
}

void print_text(const conformance::CodeRunResult& result, const conformance::CodeBench* bench) {
    fmt::print("output:   {}\ngas used: {}\n", to_hex(result.output), result.gas_used);
    if (!result.created.is_zero()) {
        fmt::print("created:  {}\n", to_hex(result.created));
    }
    if (result.status != evm::Status::success) {
        fmt::print("error:    {}\n", evm::to_string(result.status));
    }
    if (bench != nullptr) {
        fmt::print(
            "median:   {} ns of {} runs\nspeed:    {:.0f} gas/s\n",
            bench->median_ns(),
            bench->times_ns.size(),
            bench->gas_per_second()
        );
    }
}

void print_json(const conformance::CodeRunResult& result, const conformance::CodeBench* bench) {
    nlohmann::json out{
        {"output", to_hex(result.output)}, {"gasUsed", to_hex_quantity(result.gas_used)}
    };
    if (!result.created.is_zero()) {
        out["created"] = to_hex(result.created);
    }
    if (result.status != evm::Status::success) {
        out["error"] = evm::to_string(result.status);
    }
    if (bench != nullptr) {
        out["medianNs"] = bench->median_ns();
        out["runs"] = bench->times_ns.size();
        out["gasPerSecond"] = bench->gas_per_second();
    }
    fmt::print("{}\n", out.dump());
}

int run(const Options& options) {
    try {
        const conformance::CodeRun code = read_run(options);
        const auto print = options.as_json ? print_json : print_text;
        if (options.bench_runs > 0) {
            const auto bench = conformance::bench_code(code, options.bench_runs);
            print(bench.result, &bench);
            return bench.result.status == evm::Status::success ? 0 : 1;
        }
        const auto result = conformance::run_code(code, options.is_traced ? &std::cerr : nullptr);
        print(result, nullptr);
        return result.status == evm::Status::success ? 0 : 1;
    } catch (const std::exception& error) {
        fmt::print(stderr, "mega: {}\n", error.what());
        return 2;
    }
}

void add_run_command(CLI::App& evm, int& status) {
    const auto options = std::make_shared<Options>();
    Options& o = *options;
    CLI::App* command = evm.add_subcommand("run", "Run code by itself");
    auto* code =
        command->add_option("code", o.code, "Hex of the code; without, what lies at --receiver");
    command->add_option("--codefile", o.code_file, "File that holds the hex")->excludes(code);
    command->add_option("--input", o.input, "Hex of the calldata");
    command->add_option("--gas", o.gas, "Gas of the frame")
        ->capture_default_str()
        ->check(CLI::Range(uint64_t{0}, uint64_t{INT64_MAX}));
    command->add_option("--value", o.value, "Wei, hex or decimal")->capture_default_str();
    command->add_option("--sender", o.sender, "Address")->capture_default_str();
    command->add_option("--receiver", o.receiver, "Address")->capture_default_str();
    command->add_option("--fork", o.fork, "Rules")->capture_default_str();
    command->add_option(
        "--prestate", o.prestate, "JSON file: an alloc, or an object that holds one"
    );
    command->add_flag("--create", o.is_creation, "The code is init code");
    command->add_flag("--trace", o.is_traced, "EIP-3155 on stderr, one line an instruction");
    command->add_option("--bench", o.bench_runs, "Runs; prints the median time and gas per second");
    command->add_flag("--json", o.as_json, "One JSON object");
    command->callback([options, &status] { status = run(*options); });
}

}  // namespace

void add_evm_command(CLI::App& root, int& status) {
    CLI::App* evm = root.add_subcommand(
        "evm", "Ethereum's machine alone; what a link to this program named evm runs"
    );
    evm->require_subcommand(1);
    // Tools that drive geth's evm recognise it by these two words.
    evm->set_version_flag("--version,-v", "evm version " + std::string(node::client_version));
    add_run_command(*evm, status);
    add_t8n_command(*evm, status);
    add_statetest_command(*evm, status);
    add_blocktest_command(*evm, status);
}

}  // namespace mega::app
