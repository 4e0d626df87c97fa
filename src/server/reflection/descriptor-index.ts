/** Which file holds what, over all files that a set of services needs. */
import { toBinary, type DescFile, type DescService } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

export class DescriptorIndex {
  /** Full names, in the order given. */
  readonly services: readonly string[];
  readonly #files = new Map<string, DescFile>();
  readonly #symbols = new Map<string, DescFile>();
  /** By extended message, then by number. */
  readonly #extensions = new Map<string, Map<number, DescFile>>();
  readonly #bytes = new Map<DescFile, Uint8Array>();

  /** @param beside files that no service imports, but that its answers use: details of errors. */
  constructor(services: readonly DescService[], beside: readonly DescFile[] = []) {
    this.services = services.map(({ typeName }) => typeName);
    for (const { file } of services) this.#add(file);
    for (const file of beside) this.#add(file);
  }

  fileNamed(name: string): DescFile | undefined {
    return this.#files.get(name);
  }

  /** @param symbol full name of a message, field, oneof, enum, enum value, extension, service or method. */
  fileWithSymbol(symbol: string): DescFile | undefined {
    return this.#symbols.get(symbol.replace(/^\./, ""));
  }

  fileWithExtension(containingType: string, number: number): DescFile | undefined {
    return this.#extensions.get(containingType)?.get(number);
  }

  /** Undefined when the message is not known. */
  extensionNumbers(containingType: string): readonly number[] | undefined {
    const numbers = this.#extensions.get(containingType);
    if (numbers !== undefined) return [...numbers.keys()].toSorted((a, b) => a - b);
    return this.#symbols.has(containingType) ? [] : undefined;
  }

  /** The file and all it needs, each once, as serialized FileDescriptorProtos; the file itself first. */
  closureOf(file: DescFile): Uint8Array[] {
    const found = new Set<DescFile>();
    const collect = (each: DescFile): void => {
      if (found.has(each)) return;
      found.add(each);
      each.dependencies.forEach(collect);
    };
    collect(file);
    return [...found].map((each) => this.#bytesOf(each));
  }

  #add(file: DescFile): void {
    if (this.#files.has(file.proto.name)) return;
    this.#files.set(file.proto.name, file);
    for (const type of nestedTypes(file)) {
      this.#symbols.set(type.typeName, file);
      for (const member of membersOf(type)) this.#symbols.set(member, file);
      if (type.kind === "extension") this.#addExtension(type.extendee.typeName, type.number, file);
    }
    for (const dependency of file.dependencies) this.#add(dependency);
  }

  #addExtension(extendee: string, number: number, file: DescFile): void {
    const numbers = this.#extensions.get(extendee) ?? new Map<number, DescFile>();
    this.#extensions.set(extendee, numbers.set(number, file));
  }

  #bytesOf(file: DescFile): Uint8Array {
    let bytes = this.#bytes.get(file);
    if (bytes === undefined) {
      bytes = toBinary(FileDescriptorProtoSchema, file.proto);
      this.#bytes.set(file, bytes);
    }
    return bytes;
  }
}

function membersOf(type: ReturnType<typeof nestedTypes> extends Iterable<infer T> ? T : never): string[] {
  switch (type.kind) {
    case "message":
      return [...type.fields, ...type.oneofs].map(({ name }) => `${type.typeName}.${name}`);
    case "enum": {
      // Values are siblings of their enum.
      const scope = type.typeName.slice(0, type.typeName.lastIndexOf(".") + 1);
      return type.values.map(({ name }) => scope + name);
    }
    case "service":
      return type.methods.map(({ name }) => `${type.typeName}.${name}`);
    case "extension":
      return [];
  }
}
