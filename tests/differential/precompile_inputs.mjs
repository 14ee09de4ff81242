// Inputs that precompiles take seriously: valid signatures, points on their curves, lengths that fit. Then, often
// enough, one byte of them is changed.

const hex = (text) => Uint8Array.from(text.match(/../g) ?? [], (digits) => parseInt(digits, 16));
const concat = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
export const big_endian = (value, length) => hex(value.toString(16).padStart(length * 2, '0').slice(-2 * length));

// keccak256("mega") signed with the key 1, and sha256("mega") signed with a P-256 key that was thrown away.
const secp256k1_signature = hex(
    'ab0935f9434fa0aeef81fb9ef5a6a7f92bb80b78cba690770af700b2aaf099da000000000000000000000000000000000000000000000000000000000000001b'
    + 'f5e18a07819561e07a5fbfa00505b7e9ad5adea89fef7801d7d1507ad5c91a65553259bf3e660ee01012e442655070d714caa4830171b3eb581cea82e6b26a04');
const p256_signature = hex(
    '75f8f82f56d1f48657f010cc4c397300c44b0f4619e729f6f0ad787c1366aa6329fe282d0fb7892a91313b4d0de271a33e949b8463395e7e5e8270a630ace0bd'
    + '077525a56aaa6109413f2b81adc167efca1b30cc1b8f8b645d2c11cec547d8409e4d34138594d31de8db41d38061370aa47ac73c180165737e33268e5f916859'
    + 'ff4f74b3f643daaf4c3a81cdd94f0bd6165588390406afa994bc3d6b81069785');

// --- curves y^2 = x^3 + b over a prime field: enough arithmetic for a few points ---

function inverse(value, prime) {
    let [a, b, x, y] = [((value % prime) + prime) % prime, prime, 1n, 0n];
    while (a > 1n) [a, b, x, y] = [b % a, a, y - (b / a) * x, x];
    return ((x % prime) + prime) % prime;
}
function add_points(p, q, prime) {
    if (!p || !q) return p ?? q;
    if (p[0] === q[0] && (p[1] + q[1]) % prime === 0n) return undefined;
    const slope = p[0] === q[0] ? 3n * p[0] * p[0] * inverse(2n * p[1], prime) : (q[1] - p[1]) * inverse(q[0] - p[0], prime);
    const x = (((slope * slope - p[0] - q[0]) % prime) + prime) % prime;
    return [x, (((slope * (p[0] - x) - p[1]) % prime) + prime) % prime];
}
/** Infinity, G, 2G, … with their opposites, encoded. */
function small_multiples(generator, prime, length) {
    const points = [new Uint8Array(2 * length)];
    for (let i = 0, point = generator; i < 4; ++i, point = add_points(point, generator, prime)) {
        for (const y of [point[1], prime - point[1]]) points.push(concat(big_endian(point[0], length), big_endian(y, length)));
    }
    return points;
}

const bn_prime = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
const bn_g1 = small_multiples([1n, 2n], bn_prime, 32);
const bn_g2_x = [11559732032986387107991004021392285783925812861821192530917403151452391805634n,
    10857046999023057135944570762232829481370756359578518086990519993285655852781n];
const bn_g2_y = [4082367875863433681332203403145435568316851327593401208105741076214120093531n,
    8495653923123431417604973247489272438418190587263600148770280649306958101930n];
const bn_g2 = [new Uint8Array(128), ...[(y) => y, (y) => bn_prime - y].map((sign) =>
    concat(...bn_g2_x.map((x) => big_endian(x, 32)), ...bn_g2_y.map((y) => big_endian(sign(y), 32))))];

const bls_prime = 0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;
const bls_g1_x = 0x17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bbn;
const bls_g1_y = 0x08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1n;
const bls_g1 = small_multiples([bls_g1_x, bls_g1_y], bls_prime, 64);
const bls_g2_x = [0x024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8n,
    0x13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7en];
const bls_g2_y = [0x0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801n,
    0x0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79ben];
const bls_g2 = [new Uint8Array(256), ...[(y) => y, (y) => bls_prime - y].map((sign) =>
    concat(...bls_g2_x.map((x) => big_endian(x, 64)), ...bls_g2_y.map((y) => big_endian(sign(y), 64))))];

// --- KZG: proofs of constant polynomials, which need no trusted setup: commitment y*G1, proof infinity ---

const scalar_order = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
const compressed_infinity = concat([0xc0], new Uint8Array(47));
const compressed_g1 = concat([0x97], big_endian(bls_g1_x, 48).slice(1));
const versioned_hashes = [ // 0x01 and the end of SHA-256 of the two commitments above
    hex('010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014'),
    hex('01cf478a431837728dcec3461f4f53b8749cdc4e03496dcaed459dea82b82eb8'),
];
/** All that the reference needs to know about KZG proofs, because only these are made. Hex strings with 0x. */
export function verify_constant_proof(commitment, z, y, proof) {
    const text = (bytes) => `0x${Buffer.from(bytes).toString('hex')}`;
    const constant = [compressed_infinity, compressed_g1].findIndex((known) => text(known) === commitment);
    const is_canonical = BigInt(z) < scalar_order && BigInt(y) < scalar_order;
    if (constant < 0 || !is_canonical || proof !== text(compressed_infinity)) throw new Error('malformed or unknown to this table');
    return BigInt(y) === BigInt(constant);
}
function kzg_input(random) {
    const constant = random.below(2);
    const scalar = () => random.pick([0n, 1n, 2n, scalar_order - 1n, scalar_order, (1n << 256n) - 1n]);
    const y = random.chance(0.6) ? BigInt(constant) : scalar();
    const hash = random.chance(0.9) ? versioned_hashes[constant] : versioned_hashes[1 - constant];
    const input = concat(hash, big_endian(scalar(), 32), big_endian(y, 32), constant === 0 ? compressed_infinity : compressed_g1, compressed_infinity);
    if (random.chance(0.1)) input[random.below(32)] ^= 1 << random.below(8); // the hash alone: the rest stays in the table
    return input;
}

// --- one maker a precompile ---

function modexp_input(random) {
    const length = () => random.pick([0, 0, 1, 1, 2, 8, 31, 32, 32, 33, 64, 100, 128, 1024, 1025]);
    const lengths = [length(), random.pick([0, 1, 2, 31, 32, 33, 40, 64]), length()].map(BigInt);
    if (random.chance(0.05)) lengths[random.below(3)] = random.pick([1n << 31n, 1n << 32n, 1n << 64n, (1n << 256n) - 1n]);
    const body = lengths.map((bytes) => random.bytes(Number(bytes > 2000n ? 40n : bytes)));
    const modulus = body[2];
    if (modulus.length > 0) {
        if (random.chance(0.3)) modulus[modulus.length - 1] &= 0xfe;
        if (random.chance(0.1)) modulus.fill(0);
        if (random.chance(0.1)) modulus.fill(0, 0, modulus.length - 1);
    }
    if (random.chance(0.2)) body[1].fill(0, 0, random.below(body[1].length + 1));
    return concat(...lengths.map((bytes) => big_endian(bytes, 32)), ...body);
}
function blake2f_input(random) {
    const rounds = random.pick([0, 1, 10, 12, 12, 12, 200, 70000]);
    return concat(big_endian(BigInt(rounds), 4), random.bytes(208), [random.pick([0, 1, 1, 1, 2])]);
}
const repeat = (random, most, make) => concat(...Array.from({ length: random.below(most + 1) }, make));
const scalar = (random) => big_endian(random.word(), 32);

const makers = new Map([
    [1n, () => secp256k1_signature],
    [2n, (random) => random.bytes(random.below(300))],
    [3n, (random) => random.bytes(random.below(300))],
    [4n, (random) => random.bytes(random.below(300))],
    [5n, modexp_input],
    [6n, (random) => concat(random.pick(bn_g1), random.pick(bn_g1))],
    [7n, (random) => concat(random.pick(bn_g1), scalar(random))],
    [8n, (random) => repeat(random, 3, () => concat(random.pick(bn_g1), random.pick(bn_g2)))],
    [9n, blake2f_input],
    [0x0an, kzg_input],
    [0x0bn, (random) => concat(random.pick(bls_g1), random.pick(bls_g1))],
    [0x0cn, (random) => repeat(random, 3, () => concat(random.pick(bls_g1), scalar(random)))],
    [0x0dn, (random) => concat(random.pick(bls_g2), random.pick(bls_g2))],
    [0x0en, (random) => repeat(random, 2, () => concat(random.pick(bls_g2), scalar(random)))],
    [0x0fn, (random) => repeat(random, 2, () => concat(random.pick(bls_g1), random.pick(bls_g2)))],
    [0x10n, (random) => big_endian((random.word() * random.word()) % (bls_prime + 3n), 64)],
    [0x11n, (random) => concat(big_endian(random.word(), 64), big_endian(random.chance(0.1) ? bls_prime : random.word(), 64))],
    [0x100n, () => p256_signature],
]);

export function precompile_input(random, address) {
    const make = makers.get(address);
    const input = make ? Uint8Array.from(make(random)) : random.bytes(random.below(100));
    if (address !== 0x0an && input.length > 0 && random.chance(0.12)) input[random.below(input.length)] ^= 1 << random.below(8);
    return input;
}
