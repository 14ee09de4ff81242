#pragma once

// Result<T, E>: a value or the reason why there is none.
//
// The library's own class instead of std::expected because libstdc++ 12's can be dropped silently,
// while this one is
// [[nodiscard]]. Reading the side that is not there is a bug and aborts. It never throws.

#include "base/assert.hpp"

#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace mega {

/// The error of a Result on its way to the caller: `return Err{DecodeError::trailing_bytes};`
template <class E>
struct [[nodiscard]] Err {
    E value;
};
template <class E>
Err(E) -> Err<E>;

/// A reason in words, for the libraries whose errors are read by people rather than switched on.
struct Error {
    std::string message;
};

template <class T, class E = Error>
class [[nodiscard]] Result {
  public:
    using value_type = T;
    using error_type = E;

    // Implicit on purpose: `return value;` and `return Err{reason};` are how a Result is made.
    template <class U = T>
        requires(std::is_constructible_v<T, U &&> && !std::is_same_v<std::remove_cvref_t<U>, Result>)
    Result(U&& value)  // NOLINT(google-explicit-constructor,bugprone-forwarding-reference-overload)
        : data_(std::in_place_index<0>, std::forward<U>(value)) {}
    template <class F>
        requires std::is_constructible_v<E, F&&>
    Result(Err<F> error)  // NOLINT(google-explicit-constructor)
        : data_(std::in_place_index<1>, std::move(error.value)) {}

    [[nodiscard]] bool has_value() const noexcept { return data_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    [[nodiscard]] T& value() & {
        MEGA_ASSERT(has_value());
        return *std::get_if<0>(&data_);
    }
    [[nodiscard]] const T& value() const& {
        MEGA_ASSERT(has_value());
        return *std::get_if<0>(&data_);
    }
    [[nodiscard]] T&& value() && {
        MEGA_ASSERT(has_value());
        return std::move(*std::get_if<0>(&data_));
    }
    [[nodiscard]] const E& error() const {
        MEGA_ASSERT(!has_value());
        return *std::get_if<1>(&data_);
    }

    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    template <class U>
    [[nodiscard]] T value_or(U&& fallback) const& {
        return has_value() ? value() : static_cast<T>(std::forward<U>(fallback));
    }

  private:
    std::variant<T, E> data_;
};

/// Success without a value.
template <class E>
class [[nodiscard]] Result<void, E> {
  public:
    using value_type = void;
    using error_type = E;

    Result() = default;
    template <class F>
        requires std::is_constructible_v<E, F&&>
    Result(Err<F> error)  // NOLINT(google-explicit-constructor)
        : data_(std::in_place_index<1>, std::move(error.value)) {}

    [[nodiscard]] bool has_value() const noexcept { return data_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }
    [[nodiscard]] const E& error() const {
        MEGA_ASSERT(!has_value());
        return *std::get_if<1>(&data_);
    }

  private:
    std::variant<std::monostate, E> data_;
};

}  // namespace mega
