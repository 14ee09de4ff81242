#include "node/dev_accounts.hpp"

#include "base/hex.hpp"

#include <gtest/gtest.h>

namespace mega::node {

TEST(dev_accounts, test_mnemonic_gives_the_well_known_accounts) {
    const auto accounts = derive_accounts(test_mnemonic, 10);
    ASSERT_EQ(accounts.size(), 10U);
    EXPECT_EQ(to_hex(accounts[0].address), "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266");
    EXPECT_EQ(
        to_hex(accounts[0].key),
        "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
    );
    EXPECT_EQ(to_hex(accounts[9].address), "0xa0ee7a142d267c1f36714e4a8f75612f20a79720");
}

}  // namespace mega::node
