#include "replay/json_fields.hpp"

namespace mega::replay {
namespace {

// A call tree nests an object and a list for each of the EVM's 1024 levels.
constexpr size_t max_depth = 2200;

bool is_too_deep(std::string_view text) {
    size_t depth = 0;
    bool is_in_string = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (is_in_string) {
            if (c == '\\') {
                ++i;
            } else if (c == '"') {
                is_in_string = false;
            }
        } else if (c == '"') {
            is_in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > max_depth) {
                return true;
            }
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return false;
}

const json& nothing() {
    static const json null;
    return null;
}

}  // namespace

Result<json> parse_json(std::string_view text) {
    if (is_too_deep(text)) {
        return Err{Error{"JSON nests too deeply"}};
    }
    json parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (parsed.is_discarded()) {
        const std::string_view start = text.substr(0, 40);
        return Err{Error{
            text.empty() ? std::string{"empty instead of JSON"}
                         : "not JSON: \"" + std::string(start) + (text.size() > 40 ? "…\"" : "\"")
        }};
    }
    return parsed;
}

const json& Fields::at(std::string_view name) const {
    if (!value_->is_object()) {
        problem_->note(where_ + ": not an object");
        return nothing();
    }
    const auto found = value_->find(name);
    return found == value_->end() ? nothing() : *found;
}

bool Fields::has(std::string_view name) const { return !at(name).is_null(); }

template <class T>
T Fields::taken(rpc::Read<T> read) const {
    if (!read) {
        problem_->note(where_ + ": " + read.error().message);
        return {};
    }
    return *std::move(read);
}

uint64_t Fields::u64(std::string_view name) const { return taken(rpc::read_u64(at(name), name)); }
u256 Fields::word(std::string_view name) const { return taken(rpc::read_u256(at(name), name)); }
Hash256 Fields::hash(std::string_view name) const { return taken(rpc::read_hash(at(name), name)); }
Address Fields::address(std::string_view name) const {
    return taken(rpc::read_address(at(name), name));
}
Bytes Fields::data(std::string_view name) const { return taken(rpc::read_data(at(name), name)); }

Fields Fields::object(std::string_view name) const {
    const json& value = at(name);
    if (!value.is_object()) {
        problem_->note(path(name) + ": not an object");
    }
    return {value, path(name), *problem_};
}

void Fields::each(std::string_view name, const std::function<void(const Fields&)>& use) const {
    const json& list = at(name);
    if (!list.is_array()) {
        problem_->note(path(name) + (list.is_null() ? ": missing" : ": not a list"));
        return;
    }
    for (size_t i = 0; i < list.size() && !problem_->is_noted(); ++i) {
        use(Fields{list[i], path(name) + "[" + std::to_string(i) + "]", *problem_});
    }
}

void Fields::each_field(
    std::string_view name, const std::function<void(const std::string&, const Fields&)>& use
) const {
    object(name).each_field(use);
}

void Fields::each_field(const std::function<void(const std::string&, const Fields&)>& use) const {
    if (!value_->is_object()) {
        problem_->note(where_ + ": not an object");
        return;
    }
    for (auto it = value_->begin(); it != value_->end() && !problem_->is_noted(); ++it) {
        use(it.key(), Fields{it.value(), path(it.key()), *problem_});
    }
}

Hash256 Fields::as_hash() const { return taken(rpc::read_hash(*value_, "value")); }
u256 Fields::as_word() const { return taken(rpc::read_slot(*value_, "value")); }
Bytes Fields::as_data() const { return taken(rpc::read_data(*value_, "value")); }

Address address_key(const std::string& key, const Fields& at) {
    const auto address = fixed_from_hex<20>(key);
    if (!address) {
        at.note("its name is not an address");
        return {};
    }
    return *address;
}

u256 slot_key(const std::string& key, const Fields& at) {
    const auto slot = rpc::read_slot(json(key), "slot");
    if (!slot) {
        at.note("its name is not a storage slot");
        return {};
    }
    return *slot;
}

}  // namespace mega::replay
