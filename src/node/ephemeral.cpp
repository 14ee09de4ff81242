#include "node/ephemeral.hpp"

#include <cstdlib>

namespace mega::node {

Result<EphemeralDirectory> EphemeralDirectory::create() {
    std::error_code error;
    const auto base = std::filesystem::temp_directory_path(error);
    std::string name = (error ? std::filesystem::path("/tmp") : base) / "mega-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) {
        return Err{Error{"cannot create a temporary directory like " + name}};
    }
    return EphemeralDirectory(name);
}

EphemeralDirectory::~EphemeralDirectory() {
    if (!path_.empty()) {
        std::error_code ignored;  // what cannot be removed stays for the system's cleaner
        std::filesystem::remove_all(path_, ignored);
    }
}

}  // namespace mega::node
