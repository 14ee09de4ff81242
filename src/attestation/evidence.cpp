#include "attestation/evidence.hpp"

#include "base/hex.hpp"
#include "crypto/keccak.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>

namespace mega::attestation {
namespace {

using nlohmann::json;

constexpr std::string_view format_name = "mega-evidence-1";
constexpr size_t max_codes = 65'536;

/// Reads the members of an object; remembers the first that is not as it must be.
class Fields {
  public:
    explicit Fields(const json& object) : object_(&object) {}

    std::string text(const char* name) {
        const json& value = at(name);
        return value.is_string() ? printable(value.get<std::string>()) : (note(name), "");
    }
    uint64_t number(const char* name) {
        const json& value = at(name);
        return value.is_number_unsigned() ? value.get<uint64_t>() : (note(name), uint64_t{0});
    }
    bool boolean(const char* name) {
        const json& value = at(name);
        return value.is_boolean() ? value.get<bool>() : (note(name), false);
    }
    Bytes data(const char* name) { return data_of(at(name), name); }
    std::vector<Bytes> list(const char* name) {
        const json& value = at(name);
        std::vector<Bytes> all;
        if (!value.is_array() || value.size() > max_codes) {
            note(name);
            return all;
        }
        for (const json& entry : value) {
            all.push_back(data_of(entry, name));
        }
        return all;
    }
    const json& object(const char* name) {
        static const json empty = json::object();
        const json& value = at(name);
        return value.is_object() ? value : (note(name), empty);
    }
    void note(const char* name) { wrong_ = wrong_.empty() ? name : wrong_; }
    [[nodiscard]] const std::string& wrong() const { return wrong_; }

  private:
    const json& at(const char* name) {
        static const json missing;
        const auto found = object_->find(name);
        return found == object_->end() ? missing : *found;
    }
    Bytes data_of(const json& value, const char* name) {
        auto bytes = value.is_string() ? from_hex(value.get_ref<const std::string&>())
                                       : Result<Bytes, HexError>{Bytes{}};
        if (!value.is_string() || !bytes) {
            note(name);
            return {};
        }
        return *std::move(bytes);
    }

    const json* object_;
    std::string wrong_;
};

json rules_json(const stateless::MegaRules& rules) {
    return {
        {"chainId", rules.chain_id},
        {"minBaseFee", to_decimal(rules.fee_market.min_base_fee)},
        {"equalTimestamps", rules.allow_equal_timestamps},
        {"contractSenders", rules.allow_contract_senders},
        {"anyBaseFee", rules.skip_base_fee_check}
    };
}

Result<stateless::MegaRules> read_rules(const json& object) {
    Fields fields(object);
    stateless::MegaRules rules;
    rules.chain_id = fields.number("chainId");
    const auto floor = u256_from_text(fields.text("minBaseFee"));
    rules.fee_market.min_base_fee = floor ? *floor : u256{0};
    rules.allow_equal_timestamps = fields.boolean("equalTimestamps");
    rules.allow_contract_senders = fields.boolean("contractSenders");
    rules.skip_base_fee_check = fields.boolean("anyBaseFee");
    if (!floor) {
        fields.note("minBaseFee");
    }
    return fields.wrong().empty() ? Result<stateless::MegaRules>{rules}
                                  : Err{Error{"rules." + fields.wrong()}};
}

Finding read_finding(Fields& fields) {
    return {
        fields.text("code"),
        fields.text("words"),
        fields.text("expected"),
        fields.text("got"),
        fields.boolean("ofWitness")
    };
}

Err<Error> bad(const std::string& what) {
    return Err{Error{"this is no evidence file: " + what + " is missing or malformed"}};
}

std::string time_of(uint64_t seconds) {
    constexpr uint64_t end_of_9999 = 253'402'300'799;
    return fmt::format(
        "{:%Y-%m-%d %H:%M:%S} UTC",
        fmt::gmtime(static_cast<std::time_t>(std::min(seconds, end_of_9999)))
    );
}

std::string block_in_words(const Delivery& delivery) {
    const auto block = decode_block(delivery.block);
    if (!block) {
        return fmt::format("  {} bytes that are no block\n", delivery.block.size());
    }
    const BlockHeader& header = block->header;
    return fmt::format(
        "  hash          {}\n  parent hash   {}\n  state root    {}\n  receipts root {}\n"
        "  gas used      {}\n  transactions  {}\n",
        to_hex(hash_of(header)),
        to_hex(header.parent_hash),
        to_hex(header.state_root),
        to_hex(header.receipts_root),
        header.gas_used,
        block->transactions.size()
    );
}

std::string meaning_of(const Finding& finding) {
    if (finding.is_of_witness) {
        return "The witness does not show what the block needs: whoever served it sent a damaged "
               "or "
               "incomplete\none. The block itself may be right; ask another endpoint for both.";
    }
    if (finding.code == "parent hash") {
        return "The block does not follow the one that was verified before it: the chain was "
               "rewritten, or the\nendpoint shows another chain.";
    }
    return "No execution of these transactions on the trusted state gives what the header says. "
           "Who "
           "made this\nblock made a mistake or lies; nothing after it may be believed.";
}

}  // namespace

std::string to_json(const Evidence& evidence) {
    json codes = json::array();
    for (const Bytes& code : evidence.codes) {
        codes.push_back(to_hex(code));
    }
    const Finding& finding = evidence.finding;
    return json{
               {"format", format_name},
               {"endpoint", evidence.endpoint},
               {"foundAt", evidence.found_at},
               {"rules", rules_json(evidence.rules)},
               {"number", evidence.delivery.number},
               {"parent", to_hex(encode(evidence.delivery.parent))},
               {"block", to_hex(evidence.delivery.block)},
               {"witness", to_hex(evidence.delivery.witness)},
               {"codes", std::move(codes)},
               {"finding",
                {{"code", finding.code},
                 {"words", finding.words},
                 {"expected", finding.expected},
                 {"got", finding.got},
                 {"ofWitness", finding.is_of_witness}}}
           }.dump(1, ' ', false, json::error_handler_t::replace) +
           "\n";
}

std::string to_report(const Evidence& evidence) {
    std::string text = to_json(evidence);
    if (text.size() > max_report_bytes) {
        Evidence shorter = evidence;
        shorter.delivery.witness.clear();
        shorter.codes.clear();
        text = to_json(shorter);
        if (text.size() > max_report_bytes) {
            shorter.delivery.block.clear();
            text = to_json(shorter);
        }
    }
    return text;
}

std::string printable(std::string words) {
    std::ranges::replace_if(
        words, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' '
    );
    return words;
}

Result<Evidence> parse_evidence(std::string_view text) {
    const json parsed = json::parse(text, nullptr, false);
    if (!parsed.is_object()) {
        return bad("a JSON object");
    }
    Fields fields(parsed);
    if (fields.text("format") != format_name) {
        return bad("format");
    }
    Evidence evidence;
    evidence.endpoint = fields.text("endpoint");
    evidence.found_at = fields.number("foundAt");
    const auto rules = read_rules(fields.object("rules"));
    evidence.delivery.number = fields.number("number");
    const auto parent = decode_header(fields.data("parent"));
    evidence.delivery.block = fields.data("block");
    evidence.delivery.witness = fields.data("witness");
    evidence.codes = fields.list("codes");
    Fields finding(fields.object("finding"));
    evidence.finding = read_finding(finding);
    if (!fields.wrong().empty() || !rules || !parent || !finding.wrong().empty()) {
        return bad(
            !fields.wrong().empty() ? fields.wrong()
                                    : (!rules ? rules.error().message
                                              : (!parent ? "parent" : "finding." + finding.wrong()))
        );
    }
    evidence.rules = *rules;
    evidence.delivery.parent = *parent;
    return evidence;
}

std::optional<Finding> check_again(const Evidence& evidence) {
    witness::Witness known;
    size_t size = 0;
    for (const Bytes& code : evidence.codes) {
        known.codes.push_back({crypto::keccak256(code), std::make_shared<const evm::Code>(code)});
        size += 2 * code.size() + 1024;
    }
    CodeCache codes(size, evidence.codes.size());
    codes.keep(known);
    std::vector<witness::WitnessCode> used;
    const auto verdict = check(evidence.delivery, evidence.rules, codes, used);
    return verdict ? std::nullopt : std::optional{verdict.error()};
}

std::string explain(const Evidence& evidence, const std::optional<Finding>& again) {
    const Delivery& delivery = evidence.delivery;
    std::string words = fmt::format(
        "Block {} of chain {}, as {} served it on {}\n{}\n"
        "Trusted before it: block {}\n  hash          {}\n  state root    {}\n\n"
        "What the validator found\n  {}\n",
        delivery.number,
        evidence.rules.chain_id,
        evidence.endpoint,
        time_of(evidence.found_at),
        block_in_words(delivery),
        delivery.parent.number,
        to_hex(hash_of(delivery.parent)),
        to_hex(delivery.parent.state_root),
        evidence.finding.words
    );
    if (!evidence.finding.expected.empty()) {
        words += fmt::format(
            "  expected      {}\n  got           {}\n",
            evidence.finding.expected,
            evidence.finding.got
        );
    }
    if (!again) {
        return words + "\nChecked again now: the block VALIDATES. This file shows no fault.\n";
    }
    words += *again == evidence.finding ? "\nChecked again now, from this file alone: the same.\n"
                                        : fmt::format("\nChecked again now: {}\n", again->words);
    return words + "\n" + meaning_of(*again) + "\n";
}

}  // namespace mega::attestation
