#pragma once

// Reads the fields of JSON objects that came from outside. The first thing that is wrong is kept
// with the path of its field and everything after reads as empty, so that a reader asks once, at
// its end, whether all was well. Nothing throws.

#include "rpc/params.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace mega::replay {

using nlohmann::json;

/// Bounded depth (comparing and destroying JSON recurses); fails with words.
[[nodiscard]] Result<json> parse_json(std::string_view text);

class Problem {
  public:
    void note(std::string message) {
        if (!first_) {
            first_ = std::move(message);
        }
    }
    [[nodiscard]] bool is_noted() const { return first_.has_value(); }
    [[nodiscard]] Err<Error> error() const { return Err{Error{first_.value_or("")}}; }

  private:
    std::optional<std::string> first_;
};

/// A view of one value; must not outlive it. `where` is its path, for errors.
class Fields {
  public:
    Fields(const json& value, std::string where, Problem& problem)
        : value_(&value), where_(std::move(where)), problem_(&problem) {}

    [[nodiscard]] bool has(std::string_view name) const;  // there, and not null

    [[nodiscard]] uint64_t u64(std::string_view name) const;
    [[nodiscard]] u256 word(std::string_view name) const;
    [[nodiscard]] Hash256 hash(std::string_view name) const;
    [[nodiscard]] Address address(std::string_view name) const;
    [[nodiscard]] Bytes data(std::string_view name) const;
    template <size_t N>
    [[nodiscard]] FixedBytes<N> fixed(std::string_view name) const {
        const Bytes bytes = data(name);
        if (bytes.size() != N) {
            problem_->note(path(name) + ": want " + std::to_string(N) + " bytes");
            return {};
        }
        return FixedBytes<N>::from(bytes);
    }

    [[nodiscard]] Fields object(std::string_view name) const;
    /// Calls `use` with each element of a list, in order.
    void each(std::string_view name, const std::function<void(const Fields&)>& use) const;
    /// Calls `use` with each field of an object.
    void each_field(
        std::string_view name, const std::function<void(const std::string& key, const Fields&)>& use
    ) const;
    /// The same of the value itself.
    void each_field(const std::function<void(const std::string& key, const Fields&)>& use) const;

    // The value itself instead of one of its fields.
    [[nodiscard]] const json& value() const { return *value_; }
    [[nodiscard]] Hash256 as_hash() const;
    [[nodiscard]] u256 as_word() const;
    [[nodiscard]] Bytes as_data() const;

    void note(std::string_view what) const { problem_->note(where_ + ": " + std::string(what)); }

  private:
    [[nodiscard]] const json& at(std::string_view name) const;
    [[nodiscard]] std::string path(std::string_view name) const {
        return where_ + "." + std::string(name);
    }
    template <class T>
    [[nodiscard]] T taken(rpc::Read<T> read) const;

    const json* value_;
    std::string where_;
    Problem* problem_;
};

/// A key that is an address, a hash or a slot.
[[nodiscard]] Address address_key(const std::string& key, const Fields& at);
[[nodiscard]] u256 slot_key(const std::string& key, const Fields& at);

}  // namespace mega::replay
