// Owns the precompiled plain.hpp: see cmake/precompiled.cmake.
