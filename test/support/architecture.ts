import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import ts from 'typescript';

/** A file by its path from the project's root ("src/job/job.ts"), and what is in it. */
export type SourceText = { path: string; text: string };

/**
 * What one part may import besides itself: names of parts, or `anything`. A part is a file or a folder of
 * src/, by its path without "src/" and ".ts". `lazily` names parts that may only be reached by `import()` or
 * by a type import, so that nothing of them is loaded until it is needed. `pure` forbids Node's modules.
 */
type Rule = { may: readonly string[] | 'anything'; lazily?: readonly string[]; pure?: boolean };

export type Rules = Readonly<Record<string, Rule>>;

type Import = { specifier: string; kind: 'value' | 'type' | 'dynamic' | 're-export' };

const maxLines = 300;
const publicApi = 'src/index.ts';

/** The file's imports of every kind, in their order. */
function findImports({ path, text }: SourceText): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, kind: Import['kind']) => {
    if (specifier !== undefined && ts.isStringLiteralLike(specifier))
      found.push({ specifier: specifier.text, kind });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(
        node.moduleSpecifier,
        node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword ? 'type' : 'value',
      );
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, 're-export');
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], 'dynamic');
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, 'type');
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
  return found;
}

/** "./b.js" in "src/a.ts" -> "src/b.ts"; undefined for a package or a module of Node. */
function resolveImport(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');
}

/** The part with the longest name that holds the file: "store/sqlite" for src/store/sqlite/claims.ts. */
function partOf(path: string, rules: Rules): string | undefined {
  const name = path.replace(/^src\//, '').replace(/\.ts$/, '');
  return Object.keys(rules)
    .filter((part) => name === part || name.startsWith(`${part}/`))
    .toSorted((a, b) => b.length - a.length)[0];
}

/** What is wrong with one import, or undefined. */
function checkImport(file: SourceText, { specifier, kind }: Import, rules: Rules): string | undefined {
  const part = partOf(file.path, rules);
  const rule = part === undefined ? undefined : rules[part];
  if (rule === undefined) return undefined; // reported once for the whole file
  if (rule.pure === true && isBuiltin(specifier)) {
    return `${file.path} imports ${specifier}: ${part} is pure and may import no module of Node`;
  }
  const target = resolveImport(file.path, specifier);
  if (target === undefined) return undefined;
  if (kind === 're-export' && file.path !== publicApi) {
    return `${file.path} re-exports ${target}: only ${publicApi} may, import it from where it is defined`;
  }
  const targetPart = partOf(target, rules);
  if (targetPart === undefined || targetPart === part) return undefined;
  if (rule.may === 'anything' || rule.may.includes(targetPart)) return undefined;
  const lazily = rule.lazily ?? [];
  const allowed = [...rule.may, ...lazily.map((name) => `${name} (lazily)`)].join(', ') || 'nothing of ours';
  if (!lazily.includes(targetPart))
    return `${file.path} imports ${target}: ${part} may import only ${allowed}`;
  if (kind === 'dynamic' || kind === 'type') return undefined;
  return `${file.path} imports ${target}: ${part} may reach ${targetPart} only by import()`;
}

/** Each cycle of imports once, as "a -> b -> a". */
function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const start = path.indexOf(file);
    if (start >= 0) cycles.push([...path.slice(start), file].join(' -> '));
    if (start >= 0 || done.has(file)) return;
    path.push(file);
    for (const target of graph.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return cycles;
}

/** Everything in the files that the rules forbid, one sentence each; empty when all is well. */
export function checkArchitecture(files: readonly SourceText[], rules: Rules): string[] {
  const problems: string[] = [];
  const graph = new Map<string, string[]>();
  for (const file of files) {
    const imports = findImports(file);
    const lines = file.text.trimEnd().split('\n').length;
    if (lines > maxLines) problems.push(`${file.path} has ${lines} lines: ${maxLines} at most, split it`);
    if (partOf(file.path, rules) === undefined)
      problems.push(`${file.path} belongs to no part: add it to the table`);
    problems.push(...imports.flatMap((one) => checkImport(file, one, rules) ?? []));
    const targets = imports.map(({ specifier }) => resolveImport(file.path, specifier));
    graph.set(file.path, [...new Set(targets.filter((target) => target !== undefined))]);
  }
  return [...problems, ...findCycles(graph).map((cycle) => `imports in a circle: ${cycle}`)];
}
