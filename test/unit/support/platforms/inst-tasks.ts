interface InstTask {
  readonly inst: Record<string, unknown>;
  readonly task: Record<string, unknown>;
  readonly sendMsg: number;
}

/** A post of 能力中心: somebody has task 9001 of instance 77 to do. */
export function anInstTask({ inst = {}, task = {}, sendMsg = 0 }: Partial<InstTask> = {}): InstTask {
  return {
    inst: {
      instId: 77,
      appId: 12,
      appName: "请假",
      instStatus: 0,
      instCreatorNumber: "2021001",
      instCreatorName: "张三",
      instCreated: "2026-01-02 03:04:05",
      instFinished: null,
      formUrlView: "https://h/pc/inst/77",
      formMobileUrlView: "https://h/m/inst/77",
      ...inst,
    },
    task: {
      taskId: 9001,
      instId: 77,
      nodeName: "部门审核",
      taskStatus: 0,
      instUser: ["10086"],
      taskCreated: "2026-01-02 03:04:06",
      taskFinished: null,
      formUrl: "https://h/pc/task/9001",
      formMobileUrl: "https://h/m/task/9001",
      ...task,
    },
    sendMsg,
  };
}
