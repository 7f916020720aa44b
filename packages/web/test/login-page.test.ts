import { flushPromises } from '@vue/test-utils';
import { describe, expect, test, vi } from 'vitest';
import LoginPage from '../src/pages/login/LoginPage.vue';
import { mountPage, Refused } from './support/app.ts';

const user = { id: '1', login: 'ana', role: 'admin' };

describe('signing in', () => {
  test('by a link uses the token, takes it out of the address and goes on', async () => {
    const Login = vi.fn().mockReturnValue({ login: { user } });
    const page = await mountPage(LoginPage, { path: '/login?token=secret&next=/hosts', answers: { Login } });
    await flushPromises();
    expect(Login).toHaveBeenCalledWith({ token: 'secret' });
    expect(page.router.currentRoute.value.fullPath).toBe('/hosts');
  });

  test('with a token that is no longer good says so and lets try again', async () => {
    const page = await mountPage(LoginPage, {
      path: '/login',
      answers: { Login: () => new Refused('no', 'UNAUTHENTICATED') },
    });
    await page.find('token').setValue('old');
    await page.wrapper.find('form').trigger('submit');
    await flushPromises();
    expect(page.find('login-error').text()).toContain('not valid');
    expect(page.find('token').exists()).toBe(true);
  });
});
