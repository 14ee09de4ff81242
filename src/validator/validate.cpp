#include "validator/validate.hpp"

#include "base/hex.hpp"
#include "net/server.hpp"
#include "validator/follower.hpp"
#include "validator/memory.hpp"

#include <fmt/format.h>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace mega::validator {
namespace {

constexpr uintmax_t max_evidence_bytes = 512u << 20;
constexpr uint64_t max_shards = 1'000'000;

// Written by the signal handler, which has no other way to reach anything.
std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);

int fail(int status, const std::string& words) {
    std::fprintf(stderr, "mega validate: %s\n", words.c_str());
    return status;
}

std::optional<uint64_t> read_number(std::string_view text) {
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional{number}
                                                                    : std::nullopt;
}

Result<void> read_shard(const std::string& text, FollowOptions& options) {
    const size_t slash = text.find('/');
    const auto index = read_number(std::string_view{text}.substr(0, slash));
    const auto count = slash == std::string::npos
                           ? std::nullopt
                           : read_number(std::string_view{text}.substr(slash + 1));
    if (!index || !count || *count == 0 || *count > max_shards || *index >= *count) {
        return Err{Error{"--shard wants i/n with i below n, not " + text}};
    }
    options.shard_index = *index;
    options.shard_count = *count;
    return {};
}

Result<std::optional<Hash256>> read_hash(const std::string& text, const char* name) {
    if (text.empty()) {
        return std::optional<Hash256>{};
    }
    const auto hash = fixed_from_hex<32>(text);
    return hash ? Result<std::optional<Hash256>>{std::optional{*hash}}
                : Err{Error{std::string{name} + " wants 0x and 64 digits, not " + text}};
}

Result<Trust> read_trust(const ValidateOptions& options) {
    const auto hash = read_hash(options.trusted_block, "--trusted-block");
    const auto root = read_hash(options.trusted_root, "--trusted-root");
    if (!hash || !root) {
        return Err{!hash ? hash.error() : root.error()};
    }
    Trust trust;
    trust.block_hash = *hash;
    trust.state_root = *root;
    trust.reason = options.trust_reason;
    trust.anchor = options.anchor;
    if (!options.trusted_number.empty()) {
        trust.block_number = read_number(options.trusted_number);
        if (!trust.block_number) {
            return Err{Error{"--trusted-number wants a number, not " + options.trusted_number}};
        }
    }
    const int given =
        (trust.block_hash ? 1 : 0) + (trust.state_root ? 1 : 0) + (trust.block_number ? 1 : 0);
    return given > 1 ? Result<Trust>{Err{Error{"only one block can be trusted to start from"}}}
                     : Result<Trust>{trust};
}

Result<FollowOptions> follow_options(const ValidateOptions& options) {
    FollowOptions follow;
    follow.endpoint = {
        .url = options.urls.front(),
        .timeout_ms = options.timeout_ms,
        .max_answer_bytes = options.max_answer_mib << 20,
        .subscription = "newHeads"
    };
    follow.urls = options.urls;
    auto trust = read_trust(options);
    if (!trust) {
        return Err{trust.error()};
    }
    follow.trust = *trust;
    if (auto read = read_shard(options.shard, follow); !read) {
        return Err{read.error()};
    }
    follow.rules.chain_id = options.chain_id;
    follow.rules.fee_market.min_base_fee = options.min_base_fee;
    follow.rules.allow_equal_timestamps = options.is_development;
    follow.rules.allow_contract_senders = options.is_development;
    follow.rules.skip_base_fee_check = options.is_development;
    follow.max_blocks = options.blocks;
    follow.retry_ms = options.retry_ms;
    follow.code_cache_bytes = options.code_cache_mib << 20;
    follow.evidence_directory = options.evidence_directory;
    follow.as_json = options.as_json;
    follow.is_silent = options.is_silent;
    follow.report_to = options.report_to;
    follow.fault = options.fault;
    return follow;
}

net::Response answer_get(const net::Request& request, const Status& status, const Signer& signer) {
    const std::string target = request.target.substr(0, request.target.find('?'));
    net::Response response;
    if (target == "/status") {
        response.body = status_json(status, signer);
    } else if (target == "/metrics") {
        response.content_type = "text/plain; version=0.0.4";
        response.body = metrics_text(status);
    } else if (target == "/attestations") {
        response.body = "[";
        for (const attestation::Attestation& attestation : status.attestations()) {
            response.body += (response.body.size() > 1 ? "," : "") + to_json(attestation);
        }
        response.body += "]";
    } else {
        response = net::error_response(404, "there are /status, /metrics and /attestations");
    }
    return response;
}

using StatusServer = std::unique_ptr<net::Server>;

Result<StatusServer> serve_status(
    const ValidateOptions& options, const Status& status, const Signer& signer
) {
    if (options.status_port < 0) {
        return StatusServer{};
    }
    net::ServerOptions server;
    server.address = options.status_address;
    server.port = static_cast<uint16_t>(options.status_port);
    server.max_connections = 64;
    server.max_body_bytes = 4096;
    server.max_buffered_bytes = 4u << 20;
    net::Handlers handlers;
    handlers.on_http = [&](const net::Request& request, const net::Responder& responder) {
        responder.respond(answer_get(request, status, signer));
    };
    return net::Server::start(server, std::move(handlers));
}

void catch_signals() {
    struct sigaction action{};
    action.sa_handler = [](int) { stop_requested = true; };
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

int run_validate(const ValidateOptions& options) {
    auto follow = follow_options(options);
    if (!follow) {
        return fail(exit_usage, follow.error().message);
    }
    const auto signer =
        options.key_file.empty() ? Signer::ephemeral() : Signer::open(options.key_file);
    if (!signer) {
        return fail(exit_failed, signer.error().message);
    }
    auto attested = options.key_file.empty() ? Result<Attested>{Attested{}}
                                             : Attested::open(options.key_file + ".attested");
    if (!attested) {
        return fail(exit_failed, attested.error().message);
    }
    return_memory_at_once();
    catch_signals();
    Status status;
    const auto server = serve_status(options, status, *signer);
    if (!server) {
        return fail(exit_failed, server.error().message);
    }
    std::FILE* const out = options.as_json ? stderr : stdout;
    fmt::print(out, "attesting as {}\n", to_hex(signer->key()));
    if (*server) {
        fmt::print(out, "status at http://{}:{}\n", options.status_address, (*server)->port());
    }
    std::fflush(out);
    Follower follower(*std::move(follow), {*signer, *attested, status, stop_requested});
    const int exit_status = follower.run();
    if (*server) {
        (*server)->stop();
    }
    return exit_status;
}

int run_explain(const std::string& path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (error || size > max_evidence_bytes) {
        return fail(exit_failed, path + ": " + (error ? error.message() : "too large"));
    }
    std::ifstream file(path, std::ios::binary);
    std::string text(size, '\0');
    if (!file.read(text.data(), static_cast<std::streamsize>(size))) {
        return fail(exit_failed, path + ": cannot be read");
    }
    const auto evidence = attestation::parse_evidence(text);
    if (!evidence) {
        return fail(exit_failed, path + ": " + evidence.error().message);
    }
    const auto again = check_again(*evidence);
    fmt::print("{}", explain(*evidence, again));
    return again ? exit_done : exit_failed;
}

}  // namespace mega::validator
