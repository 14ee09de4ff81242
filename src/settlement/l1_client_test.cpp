#include "settlement/l1_client.hpp"

#include "net/server.hpp"
#include "settlement/blob_archive.hpp"
#include "settlement/l1_follower.hpp"
#include "settlement/test_anvil.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

namespace mega::settlement {
namespace {

using replay::json;

/// An L1 node that answers whatever the test wants.
class LyingNode {
  public:
    using Answer = std::function<json(const std::string& method, const json& params)>;

    explicit LyingNode(Answer answer) : answer_(std::move(answer)) {
        net::ServerOptions options;
        options.port = 0;
        auto started = net::Server::start(
            options,
            {.on_http = [this](
                            net::Request request, net::Responder responder
                        ) { responder.respond({.body = respond(request), .headers = {}}); },
             .on_message = {},
             .on_open = {},
             .on_close = {}}
        );
        MEGA_ASSERT(started.has_value());
        server_ = *std::move(started);
        url_ = "http://127.0.0.1:" + std::to_string(server_->port());
        client_ = *L1Client::open({.url = url_, .beacon_url = {}, .timeout_ms = 2'000});
    }
    L1Client& client() { return *client_; }

  private:
    std::string respond(const net::Request& request) {
        if (request.method == "GET") {
            return answer_(request.target, json()).dump();
        }
        const json asked = json::parse(request.body, nullptr, false);
        const auto one = [&](const json& call) -> json {
            return {
                {"jsonrpc", "2.0"},
                {"id", call["id"]},
                {"result", answer_(call["method"].get<std::string>(), call["params"])}
            };
        };
        if (!asked.is_array()) {
            return one(asked).dump();
        }
        json answers = json::array();
        for (const json& call : asked) {
            answers.push_back(one(call));
        }
        return answers.dump();
    }

    Answer answer_;
    std::unique_ptr<net::Server> server_;
    std::string url_;
    std::unique_ptr<L1Client> client_;
};

const std::string some_hash = "0x" + std::string(64, '7');
const std::string some_address = "0x" + std::string(40, '3');

json block_json(uint64_t number) {
    return {
        {"number", to_hex_quantity(number)},
        {"hash", some_hash},
        {"parentHash", some_hash},
        {"timestamp", "0x5"},
        {"baseFeePerGas", "0x7"}
    };
}

TEST(l1_client, names_what_is_wrong_with_an_answer) {
    json answer = "0xzz";
    LyingNode node([&](const std::string&, const json&) { return answer; });
    const auto refuses = [&](auto&& result, std::string_view words) {
        ASSERT_FALSE(result);
        EXPECT_NE(result.error().message.find(words), std::string::npos) << result.error().message;
    };
    refuses(node.client().chain_id(), "eth_chainId");
    refuses(node.client().head_number(), "eth_blockNumber");
    refuses(node.client().block("latest"), "eth_getBlockByNumber");
    refuses(node.client().receipt({}), "eth_getTransactionReceipt");
    refuses(node.client().transaction({}), "eth_getTransactionByHash");
    refuses(node.client().fees(), "eth_feeHistory");
    refuses(node.client().call({.to = {}, .data = {}}), "eth_call");
    refuses(node.client().send_raw(Bytes{1}), "eth_sendRawTransaction");
    refuses(
        node.client().logs({.from_block = 1, .to_block = 2, .addresses = {Address{}}, .topics = {}}
        ),
        "eth_getLogs"
    );
    answer = json::object();
    refuses(node.client().block("latest"), "number");
    refuses(node.client().client_version(), "web3_clientVersion");
    EXPECT_FALSE(node.client().is_lost());
}

TEST(l1_client, refuses_what_was_not_asked_for) {
    json logs = json::array();
    LyingNode node([&](const std::string& method, const json&) -> json {
        if (method == "eth_getLogs") {
            return logs;
        }
        if (method == "eth_feeHistory") {
            return {{"oldestBlock", "0x1"}, {"baseFeePerBlobGas", {"0x1"}}};
        }
        return block_json(9);
    });
    EXPECT_FALSE(node.client().block(8));
    EXPECT_FALSE(node.client().blocks(1, 3));
    EXPECT_FALSE(node.client().block(9));  // the fee history is of other blocks
    json log = {
        {"address", some_address},
        {"topics", json::array()},
        {"data", "0x"},
        {"blockNumber", "0x5"},
        {"blockHash", some_hash},
        {"logIndex", "0x0"},
        {"transactionHash", some_hash}
    };
    logs.push_back(log);
    const Address address = *fixed_from_hex<20>(some_address);
    EXPECT_TRUE(
        node.client().logs({.from_block = 5, .to_block = 5, .addresses = {address}, .topics = {}})
    );
    EXPECT_FALSE(
        node.client().logs({.from_block = 6, .to_block = 7, .addresses = {address}, .topics = {}})
    );
    EXPECT_FALSE(
        node.client().logs({.from_block = 5, .to_block = 5, .addresses = {Address{}}, .topics = {}})
    );
    logs[0]["topics"] = json::array({some_hash, some_hash, some_hash, some_hash, some_hash});
    EXPECT_FALSE(
        node.client().logs({.from_block = 5, .to_block = 5, .addresses = {address}, .topics = {}})
    );
}

TEST(l1_client, takes_a_blob_only_when_its_hash_is_right) {
    Blob blob(crypto::kzg::blob_size_bytes, 0);
    blob[1] = 9;
    const Hash256 hash = *versioned_hash_of(blob);
    json blobs = json::array({to_hex(blob)});
    LyingNode node([&](const std::string&, const json&) -> json { return {{"data", blobs}}; });
    L1Header header;
    header.number = 5;
    ASSERT_TRUE(node.client().blobs(header, {hash}));
    blob[1] = 8;
    blobs[0] = to_hex(blob);
    EXPECT_FALSE(node.client().blobs(header, {hash}));
    blobs[0] = "0x1234";
    EXPECT_FALSE(node.client().blobs(header, {hash}));
    blobs = "none";
    EXPECT_FALSE(node.client().blobs(header, {hash}));
}

TEST(l1_client, is_lost_while_nobody_listens_and_found_again) {
    const auto client =
        L1Client::open({.url = "http://127.0.0.1:1", .beacon_url = {}, .timeout_ms = 500});
    ASSERT_TRUE(client);
    EXPECT_FALSE((*client)->chain_id());
    EXPECT_TRUE((*client)->is_lost());
    EXPECT_FALSE(L1Client::open({.url = "ws://127.0.0.1:1", .beacon_url = {}}));
    EXPECT_FALSE(L1Client::open({.url = "http://127.0.0.1:1", .beacon_url = "nonsense"}));
}

TEST(blob_archive, gives_back_what_it_keeps_and_nothing_that_was_changed) {
    const auto directory =
        std::filesystem::temp_directory_path() / ("mega-archive-" + std::to_string(::getpid()));
    const BlobArchive archive(directory);
    Blob blob(crypto::kzg::blob_size_bytes, 0);
    blob[40] = 3;
    const Hash256 hash = *versioned_hash_of(blob);
    EXPECT_FALSE(archive.load(hash));
    ASSERT_TRUE(archive.store(hash, blob));
    ASSERT_TRUE(archive.store(hash, blob));
    ASSERT_TRUE(archive.load(hash));
    EXPECT_EQ(*archive.load(hash), blob);
    const auto file = directory / (to_hex(hash) + ".blob");
    std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(41).put('\1');
    EXPECT_FALSE(archive.load(hash));
    std::filesystem::resize_file(file, 1000);
    EXPECT_FALSE(archive.load(hash));
    std::filesystem::remove_all(directory);
}

/// As whoever follows L1 does, asks again: anvil has a new block's fees a moment after the block.
auto step_when_fees_are_there(L1Follower& follower) {
    auto step = follower.step();
    for (int i = 0; i < 200 && !step && step.error().message.starts_with("eth_feeHistory"); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        step = follower.step();
    }
    return step;
}

/// The same until it tells of blocks: where they could not be read, what was taken back is told
/// alone, and they come with the next step.
Result<L1Step> step_to_blocks(L1Follower& follower) {
    auto step = step_when_fees_are_there(follower);
    if (step && step->rewound_to && step->blocks.empty()) {
        auto next = step_when_fees_are_there(follower);
        if (next && !next->rewound_to) {
            next->rewound_to = step->rewound_to;
        }
        return next;
    }
    return step;
}

TEST(l1_follower, tells_every_block_once_and_what_was_taken_back) {
    const auto anvil = TestAnvil::start({"--no-mining"});
    if (!anvil) {
        GTEST_SKIP() << "SKIPPED for lack of anvil: npm ci --ignore-scripts";
    }
    L1Follower follower(
        anvil->client(), {.deposit_queue = Address{}, .depth = 1, .first_block = 1}
    );
    anvil->mine(5);
    auto step = step_when_fees_are_there(follower);
    ASSERT_TRUE(step) << step.error().message;
    EXPECT_FALSE(step->rewound_to);
    ASSERT_EQ(step->blocks.size(), 4U);
    EXPECT_EQ(step->blocks.front().ref.number, 1U);
    EXPECT_EQ(step->head, 5U);
    EXPECT_TRUE(follower.step()->blocks.empty());

    // Replaces blocks 4 and 5; of those that were told, 4 goes.
    anvil->rpc("anvil_reorg", {2, json::array()});
    step = step_to_blocks(follower);
    ASSERT_TRUE(step) << step.error().message;
    ASSERT_TRUE(step->rewound_to);
    EXPECT_EQ(*step->rewound_to, 3U);
    ASSERT_EQ(step->blocks.size(), 1U);
    EXPECT_EQ(step->blocks.front().ref.number, 4U);

    // A chain that became shorter.
    anvil->rpc("anvil_rollback", {3});
    step = step_when_fees_are_there(follower);
    ASSERT_TRUE(step) << step.error().message;
    ASSERT_TRUE(step->rewound_to);
    EXPECT_EQ(*step->rewound_to, 2U);
    anvil->mine(3);
    step = step_when_fees_are_there(follower);
    ASSERT_TRUE(step) << step.error().message;
    EXPECT_FALSE(step->rewound_to);
    EXPECT_EQ(step->blocks.back().ref.number, 4U);
    for (size_t i = 1; i < step->blocks.size(); ++i) {
        EXPECT_EQ(step->blocks[i].parent_hash, step->blocks[i - 1].ref.hash);
    }
}

TEST(l1_follower, finds_its_place_again_from_a_few_blocks_it_remembers) {
    const auto anvil = TestAnvil::start({"--no-mining"});
    if (!anvil) {
        GTEST_SKIP() << "SKIPPED for lack of anvil: npm ci --ignore-scripts";
    }
    anvil->mine(10);
    L1BlockId standing{4, (*anvil->client().block(4))->hash};
    L1BlockId gone{8, {}};
    L1Follower follower(anvil->client(), {.deposit_queue = {}, .depth = 0, .first_block = 1});
    follower.resume_after({standing, gone});
    const auto step = step_to_blocks(follower);
    ASSERT_TRUE(step) << step.error().message;
    ASSERT_TRUE(step->rewound_to);
    EXPECT_EQ(*step->rewound_to, 4U);
    ASSERT_EQ(step->blocks.size(), 6U);
    EXPECT_EQ(step->blocks.front().ref.number, 5U);
    EXPECT_EQ(step->blocks.back().ref.number, 10U);
}

}  // namespace
}  // namespace mega::settlement
