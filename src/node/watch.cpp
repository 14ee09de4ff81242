#include "node/watch.hpp"

#include "node/l1_options.hpp"

#include <cstdio>

namespace mega::node {

Result<std::unique_ptr<staking::Watch>> start_watch(const WatchFiles& files) {
    auto rollup = settlement::read_rollup_file(files.rollup_file);
    if (!rollup) {
        return Err{rollup.error()};
    }
    const auto key = read_l1_key(files.reporter_key_file, {});
    if (!key) {
        return Err{key.error()};
    }
    staking::WatchOptions options;
    options.urls = files.urls;
    options.l1.url = files.l1_url;
    options.rollup = *std::move(rollup);
    options.reporter_key = *key;
    options.evidence_directory = files.evidence_directory;
    options.log = [](const std::string& words) {
        std::fprintf(stderr, "mega validate: %s\n", words.c_str());
    };
    return staking::Watch::start(std::move(options));
}

}  // namespace mega::node
