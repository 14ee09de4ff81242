#include "rpc/dispatcher.hpp"

#include "rpc/json_writer.hpp"
#include "rpc/worker_pool.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <future>

namespace mega::rpc {
namespace {

using nlohmann::json;

/// Methods: echo (its params), fails, slow_echo, later (answers from another thread).
class DispatcherTest : public testing::Test {
  protected:
    DispatcherTest() {
        dispatcher_.add("echo", [](const json& params) { return Answer(params.dump()); });
        dispatcher_.add("fails", [](const json&) -> Answer {
            return fail(execution_reverted, "execution reverted: \"no\"", "\"0x01\"");
        });
        dispatcher_.add_slow("slow_echo", [](const json& params) { return Answer(params.dump()); });
        dispatcher_.add_for_caller("remote", [](const Caller& caller, const json&) {
            return Answer(rpc::quoted(caller.remote));
        });
        dispatcher_.add_deferred("later", [this](const Caller&, const json&, const Reply& reply) {
            late_.push_back(std::async(std::launch::async, [reply] { reply(Answer("\"late\"")); }));
        });
    }

    std::string ask(const std::string& request) {
        std::promise<std::string> answered;
        dispatcher_.dispatch(Caller{nullptr, "1.2.3.4"}, request, [&](std::string text) {
            answered.set_value(std::move(text));
        });
        return answered.get_future().get();
    }
    json ask_json(const std::string& request) { return json::parse(ask(request)); }
    int error_code(const std::string& request) {
        const json answer = ask_json(request);
        return answer.contains("error") ? answer["error"]["code"].get<int>() : 0;
    }

    DispatcherLimits limits_{.max_batch = 5, .max_depth = 64, .max_response_bytes = 400};
    WorkerPool workers_{1, 10};
    std::vector<std::future<void>> late_;
    Dispatcher dispatcher_{limits_, workers_};
};

TEST_F(DispatcherTest, answers_with_result_and_id) {
    EXPECT_EQ(
        ask(R"({"jsonrpc":"2.0","id":7,"method":"echo","params":[1,"a"]})"),
        R"({"jsonrpc":"2.0","id":7,"result":[1,"a"]})"
    );
}

TEST_F(DispatcherTest, repeats_ids_of_every_allowed_kind) {
    EXPECT_EQ(ask_json(R"({"id":"a\"b","method":"echo"})")["id"], "a\"b");
    EXPECT_EQ(ask_json(R"({"id":-3,"method":"echo"})")["id"], -3);
    EXPECT_EQ(ask_json(R"({"id":1.5,"method":"echo"})")["id"], 1.5);
    EXPECT_TRUE(ask_json(R"({"id":null,"method":"echo"})")["id"].is_null());
    EXPECT_EQ(
        ask_json(R"({"id":18446744073709551615,"method":"echo"})")["id"], 18446744073709551615ULL
    );
}

TEST_F(DispatcherTest, refuses_ids_of_other_kinds) {
    for (const char* id : {"[]", "{}", "true", "[[1]]"}) {
        const std::string request = R"({"id":)" + std::string(id) + R"(,"method":"echo"})";
        EXPECT_EQ(error_code(request), invalid_request) << id;
        EXPECT_TRUE(ask_json(request)["id"].is_null()) << id;
    }
}

TEST_F(DispatcherTest, turns_objects_and_nothing_into_arrays) {
    EXPECT_EQ(ask_json(R"({"id":1,"method":"echo"})")["result"], json::array());
    EXPECT_EQ(ask_json(R"({"id":1,"method":"echo","params":null})")["result"], json::array());
    EXPECT_EQ(
        ask_json(R"({"id":1,"method":"echo","params":{"a":1}})")["result"],
        json::array({{{"a", 1}}})
    );
    EXPECT_EQ(error_code(R"({"id":1,"method":"echo","params":"x"})"), invalid_params);
}

TEST_F(DispatcherTest, names_what_is_wrong_with_a_request) {
    EXPECT_EQ(error_code("{"), parse_error);
    EXPECT_EQ(error_code(""), parse_error);
    EXPECT_EQ(error_code("{\"id\":1,\"method\":\"\xff\"}"), parse_error);
    EXPECT_EQ(error_code("1"), invalid_request);
    EXPECT_EQ(error_code(R"({"id":1})"), invalid_request);
    EXPECT_EQ(error_code(R"({"id":1,"method":5})"), invalid_request);
    EXPECT_EQ(error_code(R"({"id":1,"method":"nope"})"), method_not_found);
    EXPECT_EQ(error_code("[]"), invalid_request);
}

TEST_F(DispatcherTest, carries_errors_with_code_message_and_data) {
    const json error = ask_json(R"({"id":1,"method":"fails"})")["error"];
    EXPECT_EQ(error["code"], 3);
    EXPECT_EQ(error["message"], "execution reverted: \"no\"");
    EXPECT_EQ(error["data"], "0x01");
}

TEST_F(DispatcherTest, answers_batches_in_order) {
    const json answers =
        ask_json(R"([{"id":1,"method":"later"},{"id":2,"method":"slow_echo","params":[2]},)"
                 R"({"id":3,"method":"echo"},5,{"id":4,"method":"nope"}])");
    ASSERT_EQ(answers.size(), 5u);
    EXPECT_EQ(answers[0]["result"], "late");
    EXPECT_EQ(answers[1]["result"], json::array({2}));
    EXPECT_EQ(answers[2]["id"], 3);
    EXPECT_EQ(answers[3]["error"]["code"], invalid_request);
    EXPECT_EQ(answers[4]["error"]["code"], method_not_found);
}

TEST_F(DispatcherTest, says_nothing_to_notifications) {
    EXPECT_EQ(ask(R"({"method":"echo"})"), "");
    EXPECT_EQ(ask(R"([{"method":"echo"},{"method":"fails"}])"), "");
    EXPECT_EQ(ask_json(R"([{"method":"echo"},{"id":1,"method":"echo"}])").size(), 1u);
}

TEST_F(DispatcherTest, bounds_batches) {
    const std::string batch = "[1,1,1,1,1";
    EXPECT_EQ(ask_json(batch + "]").size(), 5u);
    EXPECT_EQ(error_code(batch + ",1]"), invalid_request);
}

TEST_F(DispatcherTest, bounds_the_answers_of_a_batch_together) {
    const std::string call =
        R"({"id":1,"method":"echo","params":[")" + std::string(150, 'x') + R"("]})";
    const json answers = ask_json("[" + call + "," + call + "," + call + "]");
    EXPECT_TRUE(answers[0].contains("result"));
    EXPECT_EQ(answers[2]["error"]["code"], limit_exceeded);
}

TEST_F(DispatcherTest, bounds_depth_before_parsing) {
    const auto nested = [](size_t levels) {
        return R"({"id":1,"method":"echo","params":)" + std::string(levels, '[') +
               std::string(levels, ']') + "}";
    };
    EXPECT_EQ(error_code(nested(63)), 0);
    EXPECT_EQ(error_code(nested(64)), invalid_request);
    EXPECT_EQ(error_code(nested(100)), invalid_request);
    EXPECT_EQ(error_code(std::string(1'000'000, '[')), invalid_request);
    // Brackets inside strings are no nesting.
    EXPECT_EQ(
        error_code(R"({"id":1,"method":"echo","params":["\"[[)" + std::string(100, '[') + R"("]})"),
        0
    );
}

TEST_F(DispatcherTest, hands_the_caller_on) {
    EXPECT_EQ(ask_json(R"({"id":1,"method":"remote"})")["result"], "1.2.3.4");
}

TEST(dispatcher, refuses_slow_calls_when_the_queue_is_full) {
    WorkerPool workers(1, 1);
    Dispatcher dispatcher({}, workers);
    std::promise<void> gate;
    std::shared_future<void> opened = gate.get_future().share();
    std::promise<void> started;
    std::atomic<bool> is_started{false};
    dispatcher.add_slow("wait", [&](const json&) {
        if (!is_started.exchange(true)) {
            started.set_value();
        }
        opened.wait();
        return Answer("1");
    });
    std::atomic<int> done{0};
    const auto count = [&](const std::string&) { ++done; };
    const std::string request = R"({"id":1,"method":"wait"})";
    dispatcher.dispatch({}, request, count);
    started.get_future().wait();
    dispatcher.dispatch({}, request, count);  // waits in the queue
    std::string refusal;
    dispatcher.dispatch({}, request, [&](std::string text) { refusal = std::move(text); });
    EXPECT_EQ(json::parse(refusal)["error"]["code"], limit_exceeded);
    EXPECT_EQ(done, 0);
    gate.set_value();
    while (done < 2) {
        std::this_thread::yield();
    }
}

}  // namespace
}  // namespace mega::rpc
