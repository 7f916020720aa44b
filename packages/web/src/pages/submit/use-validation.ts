import { useClientHandle } from '@urql/vue';
import type { ControlMetadata } from '@autotest/core';
import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue';
import { failureOf, type Failure } from '../../api/failure.ts';
import { ask } from '../../api/request.ts';
import { ValidateControlDocument, type ProblemFragment } from '../../generated/graphql.ts';
import { readMetadata } from './params-form.ts';

const typingPauseMs = 350;

export interface Validation {
  readonly checking: Readonly<Ref<boolean>>;
  readonly problems: Readonly<ShallowRef<readonly ProblemFragment[]>>;
  /** Of the last source that could be read: a half-typed line must not take the form away. */
  readonly metadata: Readonly<ShallowRef<ControlMetadata | undefined>>;
  readonly failure: Readonly<ShallowRef<Failure | undefined>>;
}

/** Has the server read the control file a moment after the typing stops. */
export function useValidation(source: Readonly<Ref<string>>): Validation {
  const { client } = useClientHandle();
  const checking = ref(false);
  const problems = shallowRef<readonly ProblemFragment[]>([]);
  const metadata = shallowRef<ControlMetadata>();
  const failure = shallowRef<Failure>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  onScopeDispose(() => clearTimeout(timer));

  async function check(text: string): Promise<void> {
    try {
      const { validateControl } = await ask(client, ValidateControlDocument, { source: text, fileName: 'control.ts' });
      if (source.value !== text) return;
      failure.value = undefined;
      problems.value = validateControl.problems;
      metadata.value = readMetadata(validateControl.metadata) ?? metadata.value;
    } catch (error) {
      if (source.value === text) failure.value = failureOf(error);
    }
    checking.value = false;
  }

  watch(
    source,
    (text, before) => {
      clearTimeout(timer);
      checking.value = text.trim() !== '';
      if (checking.value) timer = setTimeout(() => void check(text), before === undefined ? 0 : typingPauseMs);
    },
    { immediate: true },
  );
  return { checking, problems, metadata, failure };
}
