// SPDX-License-Identifier: GPL-2.0
/*
 * Does the instruction that faulted write to memory?  The host does not tell
 * a tracer, so that the instruction is looked at.  This knows the whole opcode
 * maps of 64-bit code, but only as far as that question goes.
 *
 * Nothing but the C language is used, so that a host program can test it.
 */
#include <linux/types.h>

int x86_insn_writes(const u8 *insn, unsigned int len);

#define UNKNOWN	(-1)
#define READS	0
#define WRITES	1

/* Mandatory prefixes, by the number that VEX and EVEX have for them. */
enum { PP_NONE, PP_66, PP_F3, PP_F2 };

enum encoding { LEGACY, VEX, EVEX };

/**
 * struct insn - an instruction, taken apart as far as is needed
 * @enc:	form of its prefix
 * @map:	opcode map: 0 one byte, 1 0f, 2 0f 38, 3 0f 3a, 5 and 6 for FP16
 * @pp:		mandatory prefix
 * @opcode:	its last byte
 * @lock:	has a lock prefix
 * @has_modrm:	there is a byte behind the opcode, ModRM for those that have one
 * @mem:	the operand that ModRM names is in memory
 * @reg:	the reg field of ModRM, without extension
 */
struct insn {
	enum encoding	enc;
	unsigned int	map;
	unsigned int	pp;
	u8		opcode;
	bool		lock;
	bool		has_modrm;
	bool		mem;
	u8		reg;
};

static bool parse(struct insn *in, const u8 *p, unsigned int len)
{
	const u8 *end = p + len;

	for (; p < end; p++) {
		switch (*p) {
		case 0x66:
			if (in->pp == PP_NONE)
				in->pp = PP_66;
			continue;
		case 0xf2:
			in->pp = PP_F2;
			continue;
		case 0xf3:
			in->pp = PP_F3;
			continue;
		case 0xf0:
			in->lock = true;
			continue;
		case 0x26: case 0x2e: case 0x36: case 0x3e:
		case 0x64: case 0x65: case 0x67:
			continue;
		}
		break;
	}
	/* REX */
	if (p < end && (*p & 0xf0) == 0x40)
		p++;
	if (p >= end)
		return false;

	switch (*p) {
	case 0xc5:
		if (end - p < 3)
			return false;
		in->enc = VEX;
		in->map = 1;
		in->pp = p[1] & 3;
		p += 2;
		break;
	case 0xc4:
		if (end - p < 4)
			return false;
		in->enc = VEX;
		in->map = p[1] & 0x1f;
		in->pp = p[2] & 3;
		p += 3;
		break;
	case 0x62:
		if (end - p < 5)
			return false;
		in->enc = EVEX;
		in->map = p[1] & 7;
		in->pp = p[2] & 3;
		p += 4;
		break;
	case 0x0f:
		p++;
		in->map = 1;
		if (p < end && (*p == 0x38 || *p == 0x3a)) {
			in->map = *p == 0x38 ? 2 : 3;
			p++;
		}
		if (p >= end)
			return false;
		break;
	}

	in->opcode = *p++;
	if (p < end) {
		in->has_modrm = true;
		in->mem = (*p & 0xc0) != 0xc0;
		in->reg = *p >> 3 & 7;
	}
	return true;
}

/* d8 to df with an operand in memory, a bit for each value of reg. */
static int x87(const struct insn *in)
{
	static const struct {
		u8 writes, valid;
	} groups[8] = {
		{ 0x00, 0xff },		/* d8: arithmetic */
		{ 0xcc, 0xfd },		/* d9: fst fstp fnstenv fnstcw */
		{ 0x00, 0xff },		/* da */
		{ 0x8e, 0xaf },		/* db: fisttp fist fistp fstp */
		{ 0x00, 0xff },		/* dc */
		{ 0xce, 0xdf },		/* dd: fisttp fst fstp fnsave fnstsw */
		{ 0x00, 0xff },		/* de */
		{ 0xce, 0xff },		/* df: fisttp fist fistp fbstp fistp */
	};
	unsigned int n = in->opcode & 7;

	if (!in->mem || !(groups[n].valid >> in->reg & 1))
		return UNKNOWN;
	return groups[n].writes >> in->reg & 1;
}

/* Opcodes of one byte that access memory without, or besides, a ModRM operand. */
static int map0_implicit(const struct insn *in)
{
	switch (in->opcode) {
	case 0x50 ... 0x57:		/* push */
	case 0x68: case 0x6a:
	case 0x6c: case 0x6d:		/* ins */
	case 0x9c:			/* pushf */
	case 0xa2: case 0xa3:		/* mov to an absolute address */
	case 0xa4: case 0xa5:		/* movs: see below */
	case 0xaa: case 0xab:		/* stos */
	case 0xc8:			/* enter */
	case 0xe8:			/* call */
		return WRITES;
	case 0x58 ... 0x5f:		/* pop */
	case 0x6e: case 0x6f:		/* outs */
	case 0x9d:			/* popf */
	case 0xa0: case 0xa1:		/* mov from an absolute address */
	case 0xa6: case 0xa7:		/* cmps */
	case 0xac: case 0xad:		/* lods */
	case 0xae: case 0xaf:		/* scas */
	case 0xc2: case 0xc3:		/* ret */
	case 0xc9:			/* leave */
	case 0xca: case 0xcb:		/* far ret */
	case 0xcf:			/* iret */
	case 0xd7:			/* xlat */
		return READS;
	case 0xff:
		/* push, call: of a register only the stack is memory */
		if (in->has_modrm && !in->mem && (in->reg == 6 || in->reg == 2))
			return WRITES;
		return UNKNOWN;
	case 0x8f:
		/* pop of a register; with more in reg, a prefix of AMD's XOP */
		return in->has_modrm && !in->mem && !in->reg ? READS : UNKNOWN;
	default:
		return UNKNOWN;
	}
}

static int map0(const struct insn *in)
{
	int res = map0_implicit(in);

	if (res != UNKNOWN)
		return res;
	if (!in->has_modrm || !in->mem)
		return UNKNOWN;

	switch (in->opcode) {
	case 0x00 ... 0x3f:		/* add or adc sbb and sub xor cmp */
		switch (in->opcode & 7) {
		case 0: case 1:
			return in->opcode < 0x38 ? WRITES : READS;
		case 2: case 3:
			return READS;
		default:
			return UNKNOWN;
		}
	case 0x63:			/* movsxd */
	case 0x69: case 0x6b:		/* imul */
	case 0x84: case 0x85:		/* test */
	case 0x8a: case 0x8b:		/* mov load */
	case 0x8e:
		return READS;
	case 0x80: case 0x81: case 0x83:
		return in->reg != 7 ? WRITES : READS;
	case 0x86: case 0x87:		/* xchg */
	case 0x88: case 0x89:		/* mov store */
	case 0x8c:
	case 0xc0: case 0xc1:		/* shifts */
	case 0xd0 ... 0xd3:
		return WRITES;
	case 0x8f:			/* pop */
	case 0xc6: case 0xc7:		/* mov of a constant */
		return in->reg == 0 ? WRITES : UNKNOWN;
	case 0xd8 ... 0xdf:
		return x87(in);
	case 0xf6: case 0xf7:		/* not, neg; test, mul, div */
		return in->reg == 2 || in->reg == 3 ? WRITES : READS;
	case 0xfe:
		return in->reg < 2 ? WRITES : UNKNOWN;
	case 0xff:
		if (in->reg < 2)	/* inc, dec */
			return WRITES;
		/* jmp reads; call and push also write to the stack */
		return in->reg == 4 || in->reg == 5 ? READS : UNKNOWN;
	default:
		return UNKNOWN;
	}
}

/* 0f ae and 0f c7 */
static int state_group(const struct insn *in)
{
	if (in->opcode == 0xc7)
		switch (in->reg) {
		case 1:			/* cmpxchg8b */
		case 4: case 5:		/* xsavec, xsaves */
			return WRITES;
		case 3:			/* xrstors */
			return READS;
		default:
			return UNKNOWN;
		}

	switch (in->reg) {
	case 0:				/* fxsave */
	case 3:				/* stmxcsr */
	case 4:				/* xsave */
		return WRITES;
	case 6:				/* xsaveopt; clwb */
		return in->pp == PP_66 ? READS : WRITES;
	default:			/* fxrstor ldmxcsr xrstor clflush */
		return READS;
	}
}

/* 0f: what differs between the encodings comes first. */
static int map1(const struct insn *in)
{
	if (in->enc == LEGACY)
		switch (in->opcode) {
		case 0xa0: case 0xa8:	/* push fs, gs */
			return WRITES;
		case 0xa1: case 0xa9:	/* pop fs, gs */
			return READS;
		}
	if (!in->has_modrm)
		return UNKNOWN;
	if (in->opcode == 0xf7 && !in->mem)
		return in->enc == EVEX ? UNKNOWN : WRITES;	/* maskmov */
	if (!in->mem)
		return UNKNOWN;

	if (in->enc != LEGACY)
		switch (in->opcode) {
		case 0x91:		/* kmov to memory */
			return in->enc == VEX ? WRITES : UNKNOWN;
		case 0x11: case 0x13: case 0x17:
		case 0x29: case 0x2b:
		case 0x7f: case 0xd6: case 0xe7:
			return WRITES;
		case 0x7e:
			return in->pp == PP_F3 ? READS : WRITES;
		case 0xae:
			return state_group(in);
		default:
			return READS;
		}

	switch (in->opcode) {
	case 0x00:			/* sldt, str */
		return in->reg < 2 ? WRITES : READS;
	case 0x01:
		return in->reg == 4 ? WRITES : UNKNOWN;
	case 0x11: case 0x13: case 0x17:	/* SSE stores */
	case 0x29: case 0x2b: case 0x7f:
	case 0xd6: case 0xe7:
	case 0x90 ... 0x9f:		/* setcc */
	case 0xa4: case 0xa5:		/* shld */
	case 0xab:			/* bts */
	case 0xac: case 0xad:		/* shrd */
	case 0xb0: case 0xb1:		/* cmpxchg */
	case 0xb3: case 0xbb:		/* btr, btc */
	case 0xc0: case 0xc1:		/* xadd */
	case 0xc3:			/* movnti */
		return WRITES;
	case 0x7e:			/* movd; movq load */
		return in->pp == PP_F3 ? READS : WRITES;
	case 0xba:			/* bt; bts, btr, btc */
		return in->reg >= 5 ? WRITES : READS;
	case 0xae: case 0xc7:
		return state_group(in);
	case 0x02: case 0x03:		/* lar, lsl */
	case 0x0f:			/* 3DNow! */
	case 0x10: case 0x12: case 0x14: case 0x15: case 0x16:
	case 0x28: case 0x2a: case 0x2c ... 0x2f:
	case 0x40 ... 0x4f:		/* cmov */
	case 0x51 ... 0x70:
	case 0x74 ... 0x76: case 0x7c: case 0x7d:
	case 0xa3:			/* bt */
	case 0xaf:			/* imul */
	case 0xb2: case 0xb4: case 0xb5:
	case 0xb6: case 0xb7: case 0xbe: case 0xbf:	/* movzx, movsx */
	case 0xb8: case 0xbc: case 0xbd:	/* popcnt, bsf, bsr */
	case 0xc2: case 0xc4: case 0xc6:
	case 0xd0 ... 0xd5: case 0xd8 ... 0xe6: case 0xe8 ... 0xfe:
		return READS;
	default:
		return UNKNOWN;
	}
}

/* 0f 38 */
static int map2(const struct insn *in)
{
	if (!in->has_modrm || !in->mem)
		return UNKNOWN;

	switch (in->enc) {
	case LEGACY:
		switch (in->opcode) {
		case 0xf1:		/* movbe store; crc32 */
			return in->pp == PP_F2 ? READS : WRITES;
		case 0xf5:		/* wruss */
		case 0xf9:		/* movdiri */
		case 0xfc:		/* aadd and its like */
			return WRITES;
		case 0xf6:		/* wrss; adcx, adox */
			return in->pp == PP_NONE ? WRITES : READS;
		case 0xf8:		/* movdir64b, enqcmd: two operands in memory */
			return UNKNOWN;
		default:
			return READS;
		}
	case VEX:
		switch (in->opcode) {
		case 0x2e: case 0x2f:	/* vmaskmov stores */
		case 0x8e:
		case 0xe0 ... 0xef:	/* cmpccxadd */
			return WRITES;
		case 0x4b:		/* tilestored; tileloadd */
			return in->pp == PP_F3 ? WRITES : READS;
		case 0x49:		/* sttilecfg; ldtilecfg */
			return in->pp == PP_66 ? WRITES : READS;
		default:
			return READS;
		}
	case EVEX:
		switch (in->opcode) {
		case 0x10 ... 0x15:	/* vpmov: a narrower copy is stored */
		case 0x20 ... 0x25:
		case 0x30 ... 0x35:
			return in->pp == PP_F3 ? WRITES : READS;
		case 0x63: case 0x8a: case 0x8b:	/* compress */
		case 0xa0 ... 0xa3:	/* scatter */
			return WRITES;
		default:
			return READS;
		}
	}
	return UNKNOWN;
}

/* 0f 3a: an operand of one byte follows. */
static int map3(const struct insn *in)
{
	if (!in->has_modrm || !in->mem)
		return UNKNOWN;

	switch (in->opcode) {
	case 0x14 ... 0x17:		/* pextr, extractps */
		return WRITES;
	case 0x19: case 0x1b: case 0x39: case 0x3b:	/* vextract */
	case 0x1d:			/* vcvtps2ph */
		return in->enc != LEGACY ? WRITES : READS;
	default:
		return READS;
	}
}

/*
 * With movs either side may have faulted.  It counts as a write: the target is
 * new memory more often than the source.
 */
int x86_insn_writes(const u8 *insn, unsigned int len)
{
	struct insn in = {};

	if (!parse(&in, insn, len))
		return UNKNOWN;
	if (in.lock)
		return WRITES;

	switch (in.map) {
	case 0:
		return map0(&in);
	case 1:
		return map1(&in);
	case 2:
		return map2(&in);
	case 3:
		return map3(&in);
	case 5:				/* scalar half floats: vmovsh, vmovw */
		if (in.enc != EVEX || !in.has_modrm || !in.mem)
			return UNKNOWN;
		return in.opcode == 0x11 || in.opcode == 0x7e ? WRITES : READS;
	case 6:
		return in.enc == EVEX && in.has_modrm && in.mem ? READS : UNKNOWN;
	default:
		return UNKNOWN;
	}
}
