#include "commands.hpp"

#include "base/hex.hpp"
#include "node/l1_trust.hpp"
#include "node/watch.hpp"
#include "validator/validate.hpp"

#include <cstdio>
#include <memory>

namespace mega::app {

namespace {

struct Command {
    validator::ValidateOptions options;
    std::string evidence_file;
    node::WatchFiles watch;
};

/// L1 vouches for a block to begin with. Those who contradict themselves lose stake there, and who
/// brings the evidence gets a part of it.
void add_l1_options(CLI::App& command, node::WatchFiles& watch) {
    auto* const l1 = command.add_option(
        "--l1", watch.l1_url, "Start after the block that this L1 vouches for, where none is named"
    );
    auto* const rollup =
        command.add_option("--rollup", watch.rollup_file, "rollup.json of the chain")->needs(l1);
    l1->needs(rollup);
    auto* const key = command
                          .add_option(
                              "--reporter-key",
                              watch.reporter_key_file,
                              "Watch what validators sign, and report contradictions to that L1 "
                              "with the key in this file, in hex"
                          )
                          ->needs(l1);
    command.add_option("--also", watch.urls, "URL of another node to watch")
        ->allow_extra_args(false)
        ->needs(key);
}

void add_trust_options(CLI::App& command, validator::ValidateOptions& options) {
    command.add_option(
        "--trusted-block", options.trusted_block, "Start after the block with this hash"
    );
    command.add_option(
        "--trusted-root",
        options.trusted_root,
        "Start after the block with this state root, one of the last 256"
    );
    command.add_option(
        "--trusted-number",
        options.trusted_number,
        "Start after this block as the endpoint gives it [the last sealed but one]"
    );
    command.add_option("--chain-id", options.chain_id, "Refuse another chain [the endpoint's]");
    command
        .add_option(
            "--min-base-fee", options.min_base_fee, "The chain's floor of the base fee, wei"
        )
        ->capture_default_str();
    command.add_flag(
        "--dev",
        options.is_development,
        "Rules of development chains: blocks below a second, base fee and senders by hand"
    );
}

void add_output_options(CLI::App& command, validator::ValidateOptions& options) {
    command.add_option(
        "--key", options.key_file, "BLS key file; made when absent [a key of this run alone]"
    );
    command
        .add_option(
            "--evidence", options.evidence_directory, "Where a mismatch leaves its evidence"
        )
        ->capture_default_str();
    command
        .add_option("--status-port", options.status_port, "Serve /status, /metrics, /attestations")
        ->check(CLI::Range(0, 65535));
    command.add_option("--status-address", options.status_address, "Address of the status server")
        ->capture_default_str();
    command.add_flag(
        "--silent", options.is_silent, "Send the node no attestations and no report of a mismatch"
    );
    command
        .add_option(
            "--report-to", options.report_to, "URL of another node that learns of a mismatch"
        )
        ->allow_extra_args(false);
    command.add_flag("--json", options.as_json, "One JSON object a block, with its attestation");
}

void add_limits(CLI::App& command, validator::ValidateOptions& options) {
    command.add_option("--shard", options.shard, "Verify part i of n: blocks with number % n == i")
        ->capture_default_str();
    command.add_option("--blocks", options.blocks, "End after so many blocks");
    command.add_option("--timeout-ms", options.timeout_ms, "Longest wait for one answer")
        ->check(CLI::Range(1, 3'600'000))
        ->capture_default_str();
    command
        .add_option(
            "--retry-ms", options.retry_ms, "Give an endpoint up that gives nothing so long"
        )
        ->capture_default_str();
    command.add_option("--code-cache-mib", options.code_cache_mib, "Memory for contract codes")
        ->check(CLI::Range(0, 65'536))
        ->capture_default_str();
    command.add_option("--max-answer-mib", options.max_answer_mib, "Largest answer that is read")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
}

int fail(const Error& error) {
    std::fprintf(stderr, "mega validate: %s\n", error.message.c_str());
    return 1;
}

/// L1 says where to begin, unless the user does.
Result<validator::ValidateOptions> with_trust(const Command& command) {
    validator::ValidateOptions options = command.options;
    const bool is_named = !options.trusted_block.empty() || !options.trusted_root.empty() ||
                          !options.trusted_number.empty();
    if (is_named || command.watch.l1_url.empty()) {
        return options;
    }
    const auto trust = node::trusted_by_l1(command.watch.l1_url, command.watch.rollup_file);
    if (!trust) {
        return Err{Error{
            "L1 does not say where to begin: " + trust.error().message +
            "; --trusted-block names a block"
        }};
    }
    options.trusted_block = to_hex(trust->block_hash);
    options.trust_reason = trust->reason;
    options.anchor = validator::Anchor{trust->anchor_number, trust->anchor_hash};
    return options;
}

int run(const Command& command) {
    if (!command.evidence_file.empty()) {
        return validator::run_explain(command.evidence_file);
    }
    if (command.options.urls.empty()) {
        std::fprintf(
            stderr, "mega validate: the URL of a node is missing, such as ws://127.0.0.1:8545\n"
        );
        return 2;
    }
    const auto options = with_trust(command);
    if (!options) {
        return fail(options.error());
    }
    if (command.watch.reporter_key_file.empty()) {
        return validator::run_validate(*options);
    }
    node::WatchFiles files = command.watch;
    files.urls.insert(files.urls.begin(), options->urls.begin(), options->urls.end());
    files.evidence_directory = options->evidence_directory;
    const auto watch = node::start_watch(files);
    return watch ? validator::run_validate(*options) : fail(watch.error());
}

}  // namespace

void add_validate_command(CLI::App& root, int& status) {
    const auto shared = std::make_shared<Command>();
    CLI::App* command =
        root.add_subcommand("validate", "Verify every block of a node, with no state at hand");
    command
        ->add_option(
            "url",
            shared->options.urls,
            "The node, ws://... or http://...; the next when it is lost"
        )
        ->delimiter(',');
    command->add_option(
        "--explain", shared->evidence_file, "Turn an evidence file into words, and nothing else"
    );
    add_trust_options(*command, shared->options);
    add_output_options(*command, shared->options);
    add_limits(*command, shared->options);
    add_l1_options(*command, shared->watch);
    add_fault_keys(*command, shared->options);
    command->callback([shared, &status] { status = run(*shared); });
}

}  // namespace mega::app
