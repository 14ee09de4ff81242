#include "settlement/contract_bundle.hpp"

#include "base/assert.hpp"

#include <nlohmann/json.hpp>

extern "C" {
extern const char mega_contracts_bundle[];
extern const char mega_contracts_bundle_end[];
}

namespace mega::settlement {
namespace {

using nlohmann::json;

/// The embedded file is ours: whatever is wrong with it is a bug.
template <class T, class E>
T must(Result<T, E> result) {
    MEGA_ASSERT(result.has_value());
    return *std::move(result);
}

ContractBundle parse() {
    const json file = json::parse(
        mega_contracts_bundle, mega_contracts_bundle_end, nullptr, /*allow_exceptions=*/false
    );
    MEGA_ASSERT(file.is_object());
    ContractBundle bundle;
    for (const auto& [name, code] : file["l1"].items()) {
        bundle.init_code.emplace(name, must(from_hex(code.get_ref<const std::string&>())));
    }
    for (const json& entry : file["l2"]) {
        Predeploy predeploy;
        predeploy.name = entry["name"].get<std::string>();
        predeploy.address =
            must(fixed_from_hex<20>(entry["address"].get_ref<const std::string&>()));
        predeploy.code = must(from_hex(entry["code"].get_ref<const std::string&>()));
        for (const auto& [slot, word] : entry["storage"].items()) {
            predeploy.storage.emplace_back(must(u256_from_text(slot)), word.get<std::string>());
        }
        bundle.predeploys.push_back(std::move(predeploy));
    }
    return bundle;
}

}  // namespace

const ContractBundle& ContractBundle::embedded() {
    static const ContractBundle bundle = parse();
    return bundle;
}

const Bytes& ContractBundle::init_code_of(std::string_view name) const {
    const auto found = init_code.find(name);
    MEGA_ASSERT(found != init_code.end());
    return found->second;
}

}  // namespace mega::settlement
