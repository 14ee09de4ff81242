#include "conformance/code_run.hpp"

#include "base/hex.hpp"
#include "conformance/json_fields.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace mega::conformance {
namespace {

CodeRun code(std::string_view hex) {
    CodeRun run;
    run.code = from_hex(hex).value();
    run.receiver[19] = 0xaa;
    run.sender[19] = 0xbb;
    return run;
}

TEST(CodeRun, GivesOutputAndGasWithoutATransactionsOwn) {
    // PUSH1 2 PUSH1 3 ADD PUSH0 MSTORE PUSH1 32 PUSH0 RETURN
    const CodeRunResult result = run_code(code("0x60026003015f5260205ff3"), nullptr);
    EXPECT_EQ(result.status, evm::Status::success);
    EXPECT_EQ(result.output, to_bytes(u256{5}.to_hash()));
    EXPECT_EQ(result.gas_used, 3U + 3 + 3 + 2 + 3 + 3 + 3 + 2);
}

TEST(CodeRun, SeesInputValueSenderAndPrestate) {
    // SLOAD(calldata[0]) + CALLVALUE
    CodeRun run = code("0x5f355434015f5260205ff3");
    run.input = to_bytes(u256{7}.to_hash());
    run.value = 100;
    run.prestate =
        read_alloc({{to_hex(run.receiver), {{"balance", "0x0"}, {"storage", {{"0x7", "0x9"}}}}}});
    EXPECT_EQ(run_code(run, nullptr).output, to_bytes(u256{109}.to_hash()));
}

TEST(CodeRun, KnowsTheFork) {
    CodeRun run = code("0x5f");
    EXPECT_EQ(run_code(run, nullptr).status, evm::Status::success);
    run.fork = Fork::paris;
    EXPECT_EQ(run_code(run, nullptr).status, evm::Status::undefined_instruction);
}

TEST(CodeRun, RunsOutOfGas) {
    CodeRun run = code("0x5b5f56");  // for ever
    run.gas = 1000;
    const CodeRunResult result = run_code(run, nullptr);
    EXPECT_EQ(result.status, evm::Status::out_of_gas);
    EXPECT_EQ(result.gas_used, 1000U);
}

TEST(CodeRun, CreatesAContract) {
    CodeRun run = code("0x60015ff3");  // one zero byte of code
    run.is_creation = true;
    const CodeRunResult result = run_code(run, nullptr);
    EXPECT_EQ(result.status, evm::Status::success);
    EXPECT_FALSE(result.created.is_zero());
}

TEST(CodeRun, TracesAFaultAndEndsWithASummary) {
    std::ostringstream trace;
    (void)run_code(code("0x01"), &trace);
    EXPECT_NE(
        trace.str().find("\"opName\":\"ADD\",\"error\":\"stack underflow\""), std::string::npos
    ) << trace.str();
    EXPECT_NE(trace.str().find("\n{\"output\":\"\",\"gasUsed\":\"0x2540be400\""), std::string::npos)
        << trace.str();
}

TEST(CodeRun, EveryRunOfABenchIsTheSame) {
    // Counts up slot 0: gas and output would change if anything were kept.
    const CodeRun run = code("0x5f546001015f555f545f5260205ff3");
    const CodeBench bench = bench_code(run, 5);
    EXPECT_EQ(bench.times_ns.size(), 5U);
    EXPECT_EQ(bench.result.gas_used, run_code(run, nullptr).gas_used);
    EXPECT_EQ(bench.result.output, to_bytes(u256{1}.to_hash()));
}

}  // namespace
}  // namespace mega::conformance
