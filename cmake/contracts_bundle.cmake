# What the binary carries of contracts/: ${contracts_bundle} is made anew when a source changes.
file(GLOB_RECURSE contract_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/contracts/src/*.sol)
set(contracts_bundle ${CMAKE_BINARY_DIR}/contracts_bundle.json)
add_custom_command(OUTPUT ${contracts_bundle}
    COMMAND ${CMAKE_SOURCE_DIR}/tools/contracts
    COMMAND node ${CMAKE_SOURCE_DIR}/tools/contracts_bundle.mjs ${contracts_bundle}
    DEPENDS ${contract_sources} ${CMAKE_SOURCE_DIR}/contracts/foundry.toml ${CMAKE_SOURCE_DIR}/contracts/predeploys.json
        ${CMAKE_SOURCE_DIR}/tools/contracts ${CMAKE_SOURCE_DIR}/tools/contracts_bundle.mjs
    COMMENT "Compiling the contracts"
    VERBATIM)
