import { type Check, dateTime, link, listOf, oneOf, shape, text, word } from "./shape.ts";

export interface InsertModel {
  readonly taskId: string;
  readonly taskStatus: "RUNNING" | "COMPLETE";
  readonly processors: readonly { readonly id: string }[];
  readonly nodeId: string;
  readonly nodeName: string;
  readonly applicationModel: {
    readonly processInstanceId: string;
    readonly processInstanceStatus: string;
    readonly nodeId: string;
    readonly nodeName: string;
  };
}
export interface StartAndEnd {
  readonly processInstanceId: string;
  readonly processInstanceStatus: string;
}

const PROCESSORS = listOf(shape({ type: oneOf("USER"), id: word }), { min: 1 });
const URLS = shape({ pc: link, h5: link });

function model(sceneCode: string): Check {
  return shape({
    taskId: word,
    sceneCode: oneOf(sceneCode),
    subject: word,
    priority: word,
    taskType: word,
    taskStatus: oneOf("RUNNING", "COMPLETE"),
    initiatorType: oneOf("USER"),
    initiatorId: word,
    processors: PROCESSORS,
    urls: URLS,
    nodeId: word,
    nodeName: text,
    applicationModel: shape({
      processInstanceId: word,
      processInstanceStatus: oneOf("RUNNING", "COMPLETE", "ABORT"),
      nodeId: word,
      nodeName: text,
      serviceName: word,
    }),
  });
}

/** One of the two. */
export function modelsOf(sceneCode: string): Check {
  const insert = shape({ insertModel: model(sceneCode) });
  const update = shape({ updateModel: model(sceneCode) });
  return (value, at) =>
    (typeof value === "object" && value !== null && "updateModel" in value ? update : insert)(value, at);
}

/** The node stands in both places, and is the same. */
export function modelFindings(body: { insertModel?: InsertModel; updateModel?: InsertModel }): readonly string[] {
  const { nodeId, nodeName, applicationModel, processors } = (body.insertModel ?? body.updateModel)!;
  const findings: string[] = [];
  if (nodeId !== applicationModel.nodeId) findings.push("nodeId and applicationModel.nodeId differ");
  if (nodeName !== applicationModel.nodeName) findings.push("nodeName and applicationModel.nodeName differ");
  if (new Set(processors.map(({ id }) => id)).size < processors.length)
    findings.push("processors names somebody twice");
  return findings;
}

export const DELETE_TASK = shape({ taskId: word });
export const DELETE_INSTANCE = shape({ processInstanceId: word });
/** Of an instance that has ended, at a node of that name. */
export const START_AND_END = shape({
  processInstanceId: word,
  initiatorType: oneOf("USER"),
  initiatorId: word,
  subject: word,
  processors: PROCESSORS,
  nodeName: oneOf("事项结束"),
  processInstanceStatus: oneOf("COMPLETE"),
  urls: URLS,
  createTime: dateTime,
});
