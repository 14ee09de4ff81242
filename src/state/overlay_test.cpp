#include "state/overlay.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace mega::state {
namespace {

Address address_of(uint64_t number) {
    Address address;
    std::memcpy(address.data() + 12, &number, sizeof(number));
    return address;
}

/// Notes what is asked and what is announced; knows every account and slot.
class Base final : public StateView {
  public:
    [[nodiscard]] std::optional<Account> account(const Address& address) const override {
        ++reads;
        return Account{.nonce = 7, .balance = to_u256(address)};
    }
    [[nodiscard]] u256 storage(const Address&, const u256& slot) const override {
        ++reads;
        return slot + u256{1};
    }
    [[nodiscard]] evm::CodePtr code(const Hash256&) const override { return nullptr; }
    [[nodiscard]] Hash256 block_hash(uint64_t) const override { return {}; }
    void expect_accounts(std::span<const Address> addresses) const override {
        expected_accounts += addresses.size();
    }
    void expect_slots(std::span<const SlotKey> keys) const override {
        expected_slots += keys.size();
    }

    mutable size_t reads = 0;
    mutable size_t expected_accounts = 0;
    mutable size_t expected_slots = 0;
};

/// Every third account and slot is the overlay's own.
class OverlayTest : public testing::Test {
  protected:
    static constexpr uint64_t count = 100;

    OverlayTest() {
        for (uint64_t i = 0; i < count; ++i) {
            addresses_.push_back(address_of(i));
            keys_.push_back({address_of(i % 5), u256{i}});
            if (i % 3 == 0) {
                overlay_.set_nonce(addresses_[i], i);
                overlay_.set_storage(keys_[i].address, keys_[i].slot, i + 1000);
            }
        }
        base_.reads = 0;
    }

    Base base_;
    Overlay overlay_{base_};
    std::vector<Address> addresses_;
    std::vector<SlotKey> keys_;
};

TEST_F(OverlayTest, ManyAccountsAreThoseFoundOneByOne) {
    for (const size_t size : {size_t{0}, size_t{1}, size_t{16}, size_t{17}, size_t{count}}) {
        std::vector<std::optional<Account>> found(size);
        overlay_.load_accounts(std::span{addresses_}.first(size), found);
        for (size_t i = 0; i < size; ++i) {
            EXPECT_EQ(found[i], overlay_.account(addresses_[i])) << i;
        }
    }
}

TEST_F(OverlayTest, AHintAsksNobodyAndChangesNothing) {
    for (const size_t size : {size_t{0}, size_t{1}, size_t{16}, size_t{17}, size_t{count}}) {
        overlay_.expect_accounts(std::span{addresses_}.first(size));
        overlay_.expect_slots(std::span{keys_}.first(size));
    }
    EXPECT_EQ(base_.reads, 0U);
    EXPECT_EQ(base_.expected_accounts, 1 + 16 + 17 + count);
    EXPECT_EQ(base_.expected_slots, 1 + 16 + 17 + count);
    for (uint64_t i = 0; i < count; ++i) {
        EXPECT_EQ(overlay_.account(addresses_[i])->nonce, i % 3 == 0 ? i : 7);
        const uint64_t value = i % 3 == 0 ? i + 1000 : i + 1;
        EXPECT_EQ(overlay_.storage(keys_[i].address, keys_[i].slot), u256{value});
    }
    overlay_.clear();
    overlay_.expect_accounts(addresses_);
    overlay_.expect_slots(keys_);
    EXPECT_EQ(overlay_.account(addresses_[0])->nonce, 7U);
}

}  // namespace
}  // namespace mega::state
