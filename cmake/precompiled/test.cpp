// Owns the precompiled test.hpp: see cmake/precompiled.cmake.
int main() {}
