import type { DescMessage, Message, MessageInitShape } from "@bufbuild/protobuf";

/** The plain object from which a message is made. */
export type Init<D extends DescMessage> = Exclude<MessageInitShape<D>, Message>;
