#include "storage/database.hpp"

#include "storage/test_directory.hpp"

#include <gtest/gtest.h>
#include <fstream>

namespace mega::storage {
namespace {

std::unique_ptr<Database> open_database(const std::filesystem::path& path) {
    auto database = Database::open({.path = path, .cache_bytes = 8u << 20});
    EXPECT_TRUE(database) << database.error().message;
    return std::move(*database);
}

BytesView text(std::string_view value) { return as_bytes(value); }

TEST(database, keeps_what_was_written) {
    const TestDirectory directory;
    {
        auto database = open_database(directory.path() / "db");
        WriteBatch batch;
        batch.put(Table::meta, text("a"), text("1"));
        batch.put(Table::block_diffs, text("a"), text("2"));
        ASSERT_TRUE(database->write(std::move(batch), true));
    }
    auto database = open_database(directory.path() / "db");
    EXPECT_EQ(**database->get(Table::meta, text("a")), to_bytes(text("1")));
    EXPECT_EQ(**database->get(Table::block_diffs, text("a")), to_bytes(text("2")));
    EXPECT_FALSE((*database->get(Table::accounts, text("a"))).has_value());
}

TEST(database, applies_a_batch_in_order) {
    const TestDirectory directory;
    auto database = open_database(directory.path());
    WriteBatch batch;
    for (const auto* key : {"a", "b", "c", "d"}) {
        batch.put(Table::slots, text(key), text("x"));
    }
    batch.remove(Table::slots, text("a"));
    batch.remove_range(Table::slots, text("b"), text("d"));
    batch.put(Table::slots, text("c"), text("again"));
    ASSERT_TRUE(database->write(std::move(batch), false));
    std::string seen;
    ASSERT_TRUE(database->scan(Table::slots, {}, [&](BytesView key, BytesView value) {
        seen += std::string{as_text(key)} + "=" + std::string{as_text(value)} + " ";
        return true;
    }));
    EXPECT_EQ(seen, "c=again d=x ");
}

TEST(database, scans_from_a_key_until_told_to_stop) {
    const TestDirectory directory;
    auto database = open_database(directory.path());
    WriteBatch batch;
    for (const auto* key : {"a", "b", "c", "d"}) {
        batch.put(Table::slots, text(key), text("x"));
    }
    ASSERT_TRUE(database->write(std::move(batch), false));
    std::string seen;
    ASSERT_TRUE(database->scan(Table::slots, text("b"), [&](BytesView key, BytesView) {
        seen += as_text(key);
        return seen.size() < 2;
    }));
    EXPECT_EQ(seen, "bc");
}

TEST(database, refuses_a_directory_in_use) {
    const TestDirectory directory;
    auto database = open_database(directory.path());
    const auto second = Database::open({.path = directory.path()});
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message.find("in use"), std::string::npos) << second.error().message;
}

TEST(database, names_damage_and_destroys_nothing) {
    const TestDirectory directory;
    open_database(directory.path()).reset();
    std::filesystem::path manifest;
    for (const auto& entry : std::filesystem::directory_iterator{directory.path()}) {
        if (entry.path().filename().string().starts_with("MANIFEST")) {
            manifest = entry.path();
        }
    }
    const auto size = std::filesystem::file_size(manifest);
    {
        std::fstream file{manifest, std::ios::in | std::ios::out | std::ios::binary};
        file.seekp(20);
        file.write("damage", 6);
    }
    const auto opened = Database::open({.path = directory.path()});
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find(directory.path().string()), std::string::npos);
    EXPECT_EQ(std::filesystem::file_size(manifest), size);
}

TEST(database, reads_only_what_exists_when_read_only) {
    const TestDirectory directory;
    const auto path = directory.path() / "db";
    EXPECT_FALSE(Database::open({.path = path, .read_only = true}));
    EXPECT_FALSE(std::filesystem::exists(path));
    {
        auto database = open_database(path);
        WriteBatch batch;
        batch.put(Table::meta, text("a"), text("1"));
        ASSERT_TRUE(database->write(std::move(batch), true));
    }
    auto database = Database::open({.path = path, .read_only = true});
    ASSERT_TRUE(database) << database.error().message;
    EXPECT_TRUE((*(*database)->get(Table::meta, text("a"))).has_value());
    WriteBatch batch;
    batch.put(Table::meta, text("a"), text("2"));
    EXPECT_FALSE((*database)->write(std::move(batch), true));
}

TEST(database, refuses_an_impossible_path) {
    EXPECT_FALSE(Database::open({.path = "/proc/none/db"}));
}

}  // namespace
}  // namespace mega::storage
