#include "staking/l1_staking.hpp"

#include "settlement/ask.hpp"

#include <algorithm>

namespace mega::staking {
namespace {

using settlement::ask;
using settlement::abi::Decoder;
using settlement::abi::Encoder;

/// Seats of the contract, and room.
constexpr size_t max_entries = 1024;

uint64_t read_u64(Decoder& in) { return in.u64(); }
Address read_address(Decoder& in) { return in.address(); }

/// A PublicKey of Bls12381.sol: the upper halves of x and y in one word, then their lower ones.
crypto::bls::WideKey read_key(Decoder& in) {
    const Hash256 high = in.word();
    const Hash256 x = in.word();
    const Hash256 y = in.word();
    crypto::bls::WideKey key;
    std::copy_n(high.data(), 16, key.data() + 16);
    std::copy_n(x.data(), 32, key.data() + 32);
    std::copy_n(high.data() + 16, 16, key.data() + 80);
    std::copy_n(y.data(), 32, key.data() + 96);
    return key;
}

Bytes call_with(std::string_view signature, uint64_t argument) {
    return Encoder().word(u256{argument}).call(signature);
}
Bytes call(std::string_view signature) { return Encoder().call(signature); }

Result<uint32_t> as_id(const Result<uint64_t>& number) {
    if (!number) {
        return Err{number.error()};
    }
    return *number <= UINT32_MAX ? Result<uint32_t>{static_cast<uint32_t>(*number)}
                                 : Err{Error{"L1 gives a validator's id beyond 32 bits"}};
}

Result<std::vector<uint32_t>> as_ids(const std::vector<Hash256>& words) {
    std::vector<uint32_t> ids;
    for (const Hash256& word : words) {
        const u256 id = to_u256(word);
        if (id > u256{UINT32_MAX}) {
            return Err{Error{"L1 gives a validator's id beyond 32 bits"}};
        }
        ids.push_back(static_cast<uint32_t>(id.low64()));
    }
    return ids;
}

}  // namespace

Result<std::unique_ptr<L1Staking>> L1Staking::open(
    settlement::L1Client& client, const settlement::StakingContracts& contracts
) {
    auto opened = std::unique_ptr<L1Staking>(new L1Staking(client, contracts));
    const struct {
        const Address& contract;
        std::string_view signature;
        uint64_t& value;
    } questions[] = {
        {contracts.staking, "genesisTime()", opened->clock_.genesis_time},
        {contracts.staking, "epochLength()", opened->clock_.epoch_length},
        {contracts.leader_schedule, "slotsPerEpoch()", opened->clock_.slots_per_epoch},
        {contracts.staking, "l2ChainId()", opened->l2_chain_id_},
        {contracts.committee, "size()", opened->committee_size_},
    };
    for (const auto& question : questions) {
        const auto answer = ask(client, question.contract, call(question.signature), read_u64);
        if (!answer) {
            return Err{answer.error()};
        }
        question.value = *answer;
    }
    const EpochClock& clock = opened->clock_;
    if (clock.slots_per_epoch == 0 || clock.epoch_length < clock.slots_per_epoch) {
        return Err{Error{"the staking contracts on L1 have epochs without length"}};
    }
    return opened;
}

Result<uint32_t> L1Staking::id_of_operator(const Address& operator_address) {
    const Bytes data = Encoder().word(operator_address).call("idOfOperator(address)");
    return as_id(ask(*client_, contracts_.staking, data, read_u64));
}

Result<uint32_t> L1Staking::id_of_signer(const Address& signer) {
    const Bytes data = Encoder().word(signer).call("idOfSigner(address)");
    return as_id(ask(*client_, contracts_.validator_keys, data, read_u64));
}

Result<uint32_t> L1Staking::id_of_attester(const crypto::bls::PublicKey& key) {
    const auto hash = contract_hash_of(key);
    if (!hash) {
        return uint32_t{0};
    }
    const Bytes data = Encoder().word(*hash).call("idOfBlsKey(bytes32)");
    return as_id(ask(*client_, contracts_.validator_keys, data, read_u64));
}

Result<Address> L1Staking::operator_of(uint32_t id) {
    return ask(*client_, contracts_.staking, call_with("operatorOf(uint32)", id), read_address);
}

Result<Address> L1Staking::signer_of(uint32_t id) {
    const auto known = keys_.find(id);
    return known != keys_.end()
               ? Result<Address>{known->second.signer}
               : ask(*client_, contracts_.staking, call_with("signerOf(uint32)", id), read_address);
}

Result<ValidatorKeys> L1Staking::keys_of(uint32_t id) {
    if (const auto known = keys_.find(id); known != keys_.end()) {
        return known->second;
    }
    const auto operator_address = operator_of(id);
    const auto signer = operator_address ? signer_of(id) : operator_address;
    if (!signer) {
        return Err{signer.error()};
    }
    const auto wide =
        ask(*client_, contracts_.staking, call_with("blsKeyOf(uint32)", id), read_key);
    if (!wide) {
        return Err{wide.error()};
    }
    const auto attester = crypto::bls::compress(*wide);
    if (!attester || signer->is_zero()) {
        return Err{Error{"validator " + std::to_string(id) + " has no keys on L1"}};
    }
    const ValidatorKeys keys{id, *operator_address, *signer, *attester};
    keys_.emplace(id, keys);
    return keys;
}

Result<bool> L1Staking::is_barred(uint32_t id) {
    return ask(*client_, contracts_.staking, call_with("isBarred(uint32)", id), [](Decoder& in) {
        return in.boolean();
    });
}

Result<bool> L1Staking::is_out(uint32_t id) {
    return ask(*client_, contracts_.slasher, call_with("isOut(uint32)", id), [](Decoder& in) {
        return in.boolean();
    });
}

Result<StakeTable> L1Staking::stake_table(uint64_t epoch) {
    const auto lists =
        ask(*client_, contracts_.staking, call_with("stakeTable(uint48)", epoch), [](Decoder& in) {
            auto ids = in.words();
            return std::pair{std::move(ids), in.words()};
        });
    if (!lists) {
        return Err{lists.error()};
    }
    const auto& [words, stakes] = *lists;
    const auto ids = as_ids(words);
    if (!ids || ids->size() != stakes.size() || ids->size() > max_entries ||
        !std::ranges::is_sorted(*ids, std::less_equal{})) {
        return Err{Error{"L1 gives a stake table that is none for epoch " + std::to_string(epoch)}};
    }
    StakeTable table{.epoch = epoch, .entries = {}};
    for (size_t i = 0; i < stakes.size(); ++i) {
        table.entries.push_back({(*ids)[i], to_u256(stakes[i])});
    }
    return table;
}

Result<std::optional<Opening>> L1Staking::opening(uint64_t epoch) {
    const auto found =
        ask(*client_, contracts_.epochs, call_with("openings(uint48)", epoch), [](Decoder& in) {
            Opening read;
            read.seed = in.word();
            read.l1_block = in.u64();
            read.l1_timestamp = in.u64();
            return read;
        });
    if (!found) {
        return Err{found.error()};
    }
    return found->l1_block == 0 ? std::optional<Opening>{} : std::optional{*found};
}

Result<uint64_t> L1Staking::opened_end() {
    return ask(*client_, contracts_.epochs, call("openedEnd()"), read_u64);
}

Result<std::optional<uint64_t>> L1Staking::last_opened(uint64_t epoch) {
    return ask(
        *client_,
        contracts_.epochs,
        call_with("lastOpened(uint48)", epoch),
        [](Decoder& in) {
            const bool is_open = in.boolean();
            const uint64_t last = in.u64();
            return is_open ? std::optional{last} : std::optional<uint64_t>{};
        }
    );
}

Result<Committee> L1Staking::committee(uint64_t epoch) {
    const auto opened = opening(epoch);
    if (!opened || !*opened) {
        return Err{
            !opened ? opened.error()
                    : Error{"epoch " + std::to_string(epoch) + " has not been opened on L1"}
        };
    }
    const auto table = stake_table(epoch);
    if (!table) {
        return Err{table.error()};
    }
    Committee committee;
    committee.epoch = epoch;
    for (const size_t place : committee_order(table->stakes(), (*opened)->seed, committee_size_)) {
        const StakeEntry& entry = table->entries[place];
        const auto keys = keys_of(entry.id);
        if (!keys) {
            return Err{keys.error()};
        }
        committee.ids.push_back(entry.id);
        committee.members.push_back({keys->attester, entry.stake});
    }
    const auto kept =
        ask(*client_, contracts_.committee, call_with("recordOf(uint48)", epoch), [](Decoder& in) {
            return in.word();
        });
    if (!kept) {
        return Err{kept.error()};
    }
    if (*kept != members_hash(committee)) {
        return Err{Error{
            "the committee of epoch " + std::to_string(epoch) +
            " on L1 is another one than its seed and its stakes give"
        }};
    }
    return committee;
}

Result<Address> L1Staking::leader_at(uint64_t slot_start) {
    const Bytes data = call_with("leaderOf(uint256)", slot_start);
    return ask(*client_, contracts_.leader_schedule, data, read_address);
}

Result<Address> L1Staking::leader() {
    return ask(*client_, contracts_.leader_schedule, call("leader()"), read_address);
}

Result<std::vector<uint32_t>> L1Staking::candidates_of(uint64_t slot_start) {
    const auto words =
        ask(*client_,
            contracts_.leader_schedule,
            call_with("candidatesOf(uint256)", slot_start),
            [](Decoder& in) { return in.words(); });
    if (!words) {
        return Err{words.error()};
    }
    return words->size() <= max_ranks ? as_ids(*words)
                                      : Err{Error{"L1 gives more candidates than a slot has"}};
}

Result<uint64_t> L1Staking::silence() {
    return ask(*client_, contracts_.leader_schedule, call("silence()"), read_u64);
}

Result<uint64_t> L1Staking::grace() {
    return ask(*client_, contracts_.leader_schedule, call("grace()"), read_u64);
}

settlement::TxRequest L1Staking::take_over_call() const {
    return {
        .to = contracts_.leader_schedule,
        .data = call("takeOver()"),
        .value = {},
        .gas_limit = 0,
        .sidecar = {}
    };
}

}  // namespace mega::staking
