// `mega t8n` (and `evm t8n`): geth's flags and files around conformance/t8n.hpp.

#include "commands.hpp"

#include "conformance/t8n.hpp"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>

namespace mega::app {

namespace {

using conformance::T8nError;
using conformance::T8nFault;
using nlohmann::json;
namespace fs = std::filesystem;

/// execution-spec-tests looks for the names of forks in the help text.
constexpr const char* fork_help =
    "Rules: Frontier, Homestead, EIP150, EIP158, Byzantium, Constantinople, ConstantinopleFix, "
    "Istanbul, MuirGlacier, Berlin, London, ArrowGlacier, GrayGlacier, Paris (Merge), Shanghai, "
    "Cancun, Prague, Osaka, BPO1, BPO2, BPO3, BPO4, or a transition such as "
    "CancunToPragueAtTime15k";

struct Options {
    std::string input_alloc = "alloc.json";
    std::string input_env = "env.json";
    std::string input_txs = "txs.json";
    std::string input_blob_params;
    std::string output_basedir;
    std::string output_alloc = "alloc.json";
    std::string output_result = "result.json";
    std::string output_body;
    std::string fork = "Osaka";
    uint64_t chain_id = 1;
    int64_t reward = 0;
    bool is_traced = false;
    int verbosity = 0;
};

json parse(const std::string& text, const std::string& name) {
    try {
        return json::parse(text);
    } catch (const json::exception& error) {
        throw T8nError(T8nFault::json, name + ": " + error.what());
    }
}

std::string read_text(const std::string& path) {
    std::error_code ignored;
    std::ifstream file{path, std::ios::binary};
    if (!file || fs::is_directory(path, ignored)) {
        throw T8nError(T8nFault::io, "failed reading " + path);
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A file, or the member `name` of what came on standard input.
json read_input(const std::string& source, const char* name, const json& from_stdin) {
    if (source != "stdin") {
        return parse(read_text(source), source);
    }
    if (!from_stdin.contains(name)) {
        throw T8nError(T8nFault::json, std::string("standard input holds no \"") + name + '"');
    }
    return from_stdin[name];
}

/// Null for the fork's own. Callers that stream put them beside the rest, without a flag.
json read_blob_params(const std::string& source, const json& from_stdin) {
    if (source.empty() || source == "stdin") {
        return from_stdin.contains("blobParams") ? from_stdin["blobParams"] : json{};
    }
    return parse(read_text(source), source);
}

/// Files that end in .rlp hold the hex of a list, with or without quotes.
json read_transactions(const std::string& source, const json& from_stdin) {
    if (source == "stdin" && !from_stdin.contains("txs") && from_stdin.contains("txsRlp")) {
        return from_stdin["txsRlp"];
    }
    if (!source.ends_with(".rlp")) {
        return read_input(source, "txs", from_stdin);
    }
    std::string text = read_text(source);
    std::erase_if(text, [](char c) {
        return c == '"' || std::isspace(static_cast<unsigned char>(c));
    });
    return text;
}

class Outputs {
  public:
    explicit Outputs(fs::path folder) : folder_(std::move(folder)) {
        std::error_code error;
        if (!folder_.empty() && !fs::create_directories(folder_, error) && error) {
            throw T8nError(T8nFault::io, folder_.string() + ": " + error.message());
        }
    }

    void write(const std::string& target, const char* name, const json& what) {
        if (target == "stdout") {
            on_stdout_[name] = what;
        } else if (target == "stderr") {
            on_stderr_[name] = what;
        } else if (!target.empty()) {
            std::ofstream file{folder_ / target, std::ios::binary};
            file << what.dump(1) << '\n';
            if (!file.flush()) {
                throw T8nError(T8nFault::io, "failed writing " + (folder_ / target).string());
            }
        }
    }
    [[nodiscard]] std::unique_ptr<std::ostream> open(const std::string& name) const {
        auto file = std::make_unique<std::ofstream>(folder_ / name, std::ios::binary);
        if (!*file) {
            throw T8nError(T8nFault::io, "failed writing " + (folder_ / name).string());
        }
        return file;
    }
    void flush() const {
        if (!on_stdout_.empty()) {
            std::cout << on_stdout_.dump(1) << std::endl;
        }
        if (!on_stderr_.empty()) {
            std::cerr << on_stderr_.dump(1) << std::endl;
        }
    }

  private:
    fs::path folder_;
    json on_stdout_ = json::object();
    json on_stderr_ = json::object();
};

void transition(const Options& options) {
    json from_stdin;
    if (options.input_alloc == "stdin" || options.input_env == "stdin" ||
        options.input_txs == "stdin") {
        from_stdin = parse({std::istreambuf_iterator<char>(std::cin), {}}, "standard input");
    }
    const json alloc = read_input(options.input_alloc, "alloc", from_stdin);
    const auto env = conformance::read_t8n_env(
        read_input(options.input_env, "env", from_stdin),
        options.fork,
        options.chain_id,
        read_blob_params(options.input_blob_params, from_stdin)
    );
    const auto txs =
        conformance::read_t8n_transactions(read_transactions(options.input_txs, from_stdin), env);
    Outputs outputs{options.output_basedir};
    conformance::T8nOptions how;
    if (options.reward >= 0) {
        how.reward = static_cast<uint64_t>(options.reward);
    }
    if (options.is_traced) {
        how.open_trace = [&](size_t index, const Hash256& hash) {
            return outputs.open("trace-" + std::to_string(index) + "-" + to_hex(hash) + ".jsonl");
        };
    }
    const auto out = conformance::run_t8n(alloc, env, txs, how);
    outputs.write(options.output_alloc, "alloc", out.alloc);
    outputs.write(options.output_result, "result", out.result);
    outputs.write(options.output_body, "body", out.body);
    outputs.flush();
}

int run(const Options& options) {
    const auto fail = [](T8nFault fault, const char* message) {
        std::fprintf(stderr, "ERROR(%d): %s\n", static_cast<int>(fault), message);
        return static_cast<int>(fault);
    };
    try {
        transition(options);
        return 0;
    } catch (const T8nError& error) {
        return fail(error.fault, error.what());
    } catch (const std::exception& error) {
        return fail(T8nFault::json, error.what());
    }
}

}  // namespace

void add_t8n_command(CLI::App& root, int& status) {
    const auto options = std::make_shared<Options>();
    Options& o = *options;
    CLI::App* t8n = root.add_subcommand(
        "t8n", "Transition tool: a state and transactions in, the state after them out"
    );
    t8n->add_option("--input.alloc", o.input_alloc, "State: a file or stdin")
        ->capture_default_str();
    t8n->add_option("--input.env", o.input_env, "Environment: a file or stdin")
        ->capture_default_str();
    t8n->add_option("--input.txs", o.input_txs, "Transactions: a file (.rlp: hex) or stdin")
        ->capture_default_str();
    t8n->add_option("--input.blobParams", o.input_blob_params, "Blob schedule: a file or stdin");
    t8n->add_option("--output.basedir", o.output_basedir, "Where files are written");
    t8n->add_option("--output.alloc", o.output_alloc, "A file, stdout or stderr")
        ->capture_default_str();
    t8n->add_option("--output.result", o.output_result, "A file, stdout or stderr")
        ->capture_default_str();
    t8n->add_option("--output.body", o.output_body, "A file, stdout or stderr [not written]");
    t8n->add_option("--state.fork", o.fork, fork_help)->capture_default_str();
    t8n->add_option("--state.chainid", o.chain_id, "Chain id")->capture_default_str();
    t8n->add_option("--state.reward", o.reward, "Miner's reward in wei; -1 for none")
        ->capture_default_str();
    t8n->add_flag("--trace", o.is_traced, "EIP-3155, a file a transaction in the basedir");
    t8n->add_option("--verbosity", o.verbosity, "Has no effect");
    t8n->callback([options, &status] { status = run(*options); });
}

}  // namespace mega::app
