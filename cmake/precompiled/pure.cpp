// Owns the precompiled pure.hpp: see cmake/precompiled.cmake.
