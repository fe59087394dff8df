# SPDX-License-Identifier: GPL-2.0
"""A C program of some size to be compiled: the same text on every machine."""
import os

HEADERS = ("ctype errno fcntl inttypes limits math pthread signal stdarg stdint stdio stdlib "
           "string time unistd sys/mman sys/socket sys/stat sys/time sys/types sys/wait "
           "netinet/in arpa/inet").split()

MODULE = r'''
struct node_@N {
	struct node_@N *next[2];
	uint64_t key;
	char name[@A];
};

static struct node_@N *buckets_@N[@B];

static uint64_t mix_@N(uint64_t x)
{
	x ^= x >> @C;
	x *= UINT64_C(@D);
	x ^= x >> 29;
	return x + @E;
}

static int insert_@N(uint64_t key)
{
	struct node_@N **at = &buckets_@N[mix_@N(key) % @B], *node;

	while (*at) {
		if ((*at)->key == key)
			return 0;
		at = &(*at)->next[key > (*at)->key];
	}
	node = calloc(1, sizeof(*node));
	if (!node)
		return -ENOMEM;
	node->key = key;
	snprintf(node->name, sizeof(node->name), "%" PRIx64, key);
	*at = node;
	return 1;
}

static size_t walk_@N(struct node_@N *node, uint64_t *sum)
{
	size_t below = 0, i;

	if (!node)
		return 0;
	for (i = 0; i < strlen(node->name); i++)
		*sum = *sum * 31 + (isdigit((unsigned char)node->name[i]) ?
				    node->name[i] - '0' : node->name[i]);
	for (i = 0; i < 2; i++)
		below += walk_@N(node->next[i], sum);
	free(node);
	return below + 1;
}

static double solve_@N(double m[@F][@F + 1])
{
	double result = 0;
	int i, j, k;

	for (i = 0; i < @F; i++) {
		int best = i;

		for (j = i + 1; j < @F; j++)
			if (fabs(m[j][i]) > fabs(m[best][i]))
				best = j;
		for (k = 0; k <= @F; k++) {
			double t = m[i][k];

			m[i][k] = m[best][k];
			m[best][k] = t;
		}
		for (j = i + 1; j < @F; j++) {
			double by = m[i][i] ? m[j][i] / m[i][i] : 0;

			for (k = i; k <= @F; k++)
				m[j][k] -= by * m[i][k];
		}
	}
	for (i = 0; i < @F; i++)
		result += m[i][i];
	return result;
}

static int compare_@N(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static unsigned int sort_@N(uint32_t seed)
{
	uint32_t values[@G];
	unsigned int i, same = 0;

	for (i = 0; i < @G; i++) {
		seed = seed * 1664525 + @E;
		values[i] = seed >> @C % 16;
	}
	qsort(values, @G, sizeof(values[0]), compare_@N);
	for (i = 1; i < @G; i++)
		same += values[i] == values[i - 1];
	return same;
}

static int parse_@N(const char *text)
{
	enum { START, WORD, NUMBER, STRING } state = START;
	int words = 0, numbers = 0, strings = 0;

	for (; *text; text++) {
		switch (state) {
		case START:
			if (*text == '"') {
				state = STRING;
				strings++;
			} else if (isdigit((unsigned char)*text)) {
				state = NUMBER;
				numbers++;
			} else if (isalpha((unsigned char)*text) || *text == '_') {
				state = WORD;
				words++;
			}
			break;
		case WORD:
			if (!isalnum((unsigned char)*text) && *text != '_')
				state = START;
			break;
		case NUMBER:
			if (!isxdigit((unsigned char)*text))
				state = START;
			break;
		case STRING:
			if (*text == '"')
				state = START;
			else if (*text == '\\' && text[1])
				text++;
			break;
		}
	}
	return words * @B + numbers * 7 + strings;
}

uint64_t module_@N(void)
{
	double m[@F][@F + 1];
	uint64_t sum = @D;
	unsigned int i, j;

	for (i = 0; i < @G; i++)
		if (insert_@N(mix_@N(i) % @G) < 0)
			abort();
	for (i = 0; i < @B; i++)
		sum += walk_@N(buckets_@N[i], &sum);
	for (i = 0; i < @F; i++)
		for (j = 0; j <= @F; j++)
			m[i][j] = (double)(mix_@N(i * 64 + j) % 1000) / 100;
	sum += (int64_t)solve_@N(m);
	sum += sort_@N(@E);
	sum += parse_@N("static int x_@N = @E; /* \"@D\" */ char *name = \"module @N\";");
	return sum;
}
'''


def files(count):
    """{name: text} of all of it, with a Makefile."""
    seed = 1
    text = {}

    def number(low, high):
        nonlocal seed
        seed = (seed * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        return low + (seed >> 33) % (high - low)

    head = "".join("#include <%s.h>\n" % name for name in HEADERS)
    for i in range(count):
        values = {"N": i, "A": number(20, 60), "B": number(50, 500), "C": number(20, 35),
                  "D": number(1 << 20, 1 << 29) | 1, "E": number(1, 10000), "F": number(6, 24),
                  "G": number(100, 2000)}
        body = MODULE
        for name, value in values.items():
            body = body.replace("@" + name, str(value))
        text["module%d.c" % i] = head + body
    calls = "".join("\tsum = sum * 31 + module_%d();\n" % i for i in range(count))
    text["main.c"] = head + "#include \"modules.h\"\n\nint main(void)\n{\n\tuint64_t sum = 0;\n\n" \
        + calls + "\tprintf(\"%\" PRIu64 \"\\n\", sum);\n\treturn 0;\n}\n"
    text["modules.h"] = "".join("uint64_t module_%d(void);\n" % i for i in range(count))
    text["Makefile"] = """CFLAGS := -O2 -g -Wall -D_GNU_SOURCE
objects := main.o $(patsubst %%,module%%.o,%s)

program: $(objects)
	$(CC) -o $@ $^ -lm

main.o: modules.h

clean:
	rm -f program *.o
""" % " ".join(str(i) for i in range(count))
    return text


def write(folder, count):
    os.makedirs(folder, exist_ok=True)
    for name, body in files(count).items():
        with open(os.path.join(folder, name), "w") as f:
            f.write(body)
