// The interpreter on the programs of ipsilon/evm-benchmarks, each input a benchmark of its own.

#include "base/fixtures_test.hpp"
#include "base/hex.hpp"
#include "evm/test_host.hpp"

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

#include <unordered_map>

namespace mega::evm {
namespace {

using nlohmann::json;

/// Storage as a production host keeps it, one hashed look-up an access, so that the interpreter is
/// what is measured.
class BenchHost final : public TestHost {
  public:
    u256 storage(const Address& /*address*/, const u256& slot) override {
        return slots_[slot].current;
    }
    StoredValue set_storage(const Address& /*address*/, const u256& slot, const u256& value)
        override {
        Slot& entry = slots_[slot];
        return {entry.original, std::exchange(entry.current, value)};
    }
    Access access_storage(const Address& /*address*/, const u256& slot) override {
        return std::exchange(slots_[slot].access, Access::warm);
    }
    void forget() {
        slots_.clear();
        logs.clear();
    }

  private:
    struct Slot {
        u256 original;
        u256 current;
        Access access = Access::cold;
    };
    std::unordered_map<u256, Slot> slots_;
};

struct Program {
    Address contract;
    Bytes code;
    Bytes input;
    int64_t gas = 0;
};

void run_program(benchmark::State& state, const Program& program) {
    BenchHost host;
    host.fork = Fork::osaka;
    host.set_code(program.contract, program.code);
    CallResult result;
    for (auto _ : state) {
        result = host.run(program.contract, program.gas, program.input);
        benchmark::DoNotOptimize(result.gas_left);
        host.forget();
    }
    const int64_t used = program.gas - result.gas_left;
    state.SetLabel(std::string(to_string(result.status)) + ", gas " + std::to_string(used));
    state.counters["gas/s"] = benchmark::Counter(
        static_cast<double>(used), benchmark::Counter::kIsIterationInvariantRate
    );
}

void register_file(const std::filesystem::path& file) {
    for (const auto& [name, test] : json::parse(read_fixture(file)).items()) {
        const json& tx = test.at("transaction");
        const std::string to = tx.at("to").get<std::string>();
        for (size_t i = 0; i < tx.at("data").size(); ++i) {
            const Program program{
                .contract = *fixed_from_hex<20>(to),
                .code = *from_hex(test.at("pre").at(to).at("code").get<std::string>()),
                .input = *from_hex(tx.at("data")[i].get<std::string>()),
                .gas = 1'000'000'000
            };
            const std::string label = test.at("_info")
                                          .value("labels", json::object())
                                          .value(std::to_string(i), std::to_string(i));
            benchmark::RegisterBenchmark(
                (file.parent_path().filename().string() + "/" + name + "/" + label).c_str(),
                [program](benchmark::State& state) { run_program(state, program); }
            )->Unit(benchmark::kMicrosecond);
        }
    }
}

const bool is_registered = [] {
    if (const auto root = fixtures_root()) {
        for (const auto& file : json_files_below(*root / "bench/evm-benchmarks/benchmarks")) {
            register_file(file);
        }
    }
    return true;
}();

void analyse_code(benchmark::State& state) {
    Bytes code(24576);
    uint64_t seed = 1;
    for (uint8_t& byte : code) {
        seed = mix64(seed, 7);
        byte = static_cast<uint8_t>(seed);
    }
    for (auto _ : state) {
        benchmark::DoNotOptimize(Code(code));
    }
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * code.size()));
}
BENCHMARK(analyse_code);

}  // namespace
}  // namespace mega::evm
